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

    /** Limit of the digits before and after the point. A larger exponent would take the memory of the process when it is written out. */
    private static final int MAX_DIGITS = 18;

    private UsageReader() {}

    /** Returns the usage in one unit; empty for a value that is no number, negative or too large. */
    public static Map<String, BigDecimal> of(String unit, Object value) {
        if (!(value instanceof Number number) || !Double.isFinite(number.doubleValue())) {
            return Map.of();
        }
        BigDecimal amount = new BigDecimal(number.toString());
        return isAmount(amount) ? Map.of(unit, amount) : Map.of();
    }

    private static boolean isAmount(BigDecimal value) {
        return value.signum() >= 0 && value.precision() - value.scale() <= MAX_DIGITS && value.scale() <= MAX_DIGITS;
    }

    /**
     * Reads the current value of a parser up to its end. A member of a nested object has a dot in its name, such as {@code
     * input_tokens_details.text_tokens}.
     *
     * @return at most 32 numbers, without negative and too large ones; empty when the value is no object
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
                BigDecimal amount = parser.getDecimalValue();
                if (isAmount(amount)) {
                    usage.put(unit, amount);
                }
            } else if (value == JsonToken.START_OBJECT && prefix.isEmpty()) {
                readObject(parser, unit + ".", usage);
            } else {
                parser.skipChildren();
            }
        }
    }
}
