package dev.darkroom.backend.http;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Map;

/** Reads the usage that an AI server reports in a response: the numbers of a JSON object by name. */
public final class UsageReader {
    private static final int MAX_UNITS = 32;

    private UsageReader() {}

    /**
     * Reads the current value of a parser up to its end. A member of a nested object has a dot in its name, such as {@code
     * input_tokens_details.text_tokens}.
     *
     * @return at most 32 numbers; empty when the value is no object
     */
    public static Map<String, BigDecimal> read(JsonParser parser) throws IOException {
        Map<String, BigDecimal> usage = new HashMap<>();
        if (parser.currentToken() == JsonToken.START_OBJECT) {
            readObject(parser, "", usage);
        } else {
            parser.skipChildren();
        }
        return usage;
    }

    private static void readObject(JsonParser parser, String prefix, Map<String, BigDecimal> usage) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String unit = prefix + parser.currentName();
            JsonToken value = parser.nextToken();
            if (value.isNumeric() && usage.size() < MAX_UNITS) {
                usage.put(unit, parser.getDecimalValue());
            } else if (value == JsonToken.START_OBJECT && prefix.isEmpty()) {
                readObject(parser, unit + ".", usage);
            } else {
                parser.skipChildren();
            }
        }
    }
}
