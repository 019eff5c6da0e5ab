package dev.darkroom.backend.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.math.BigDecimal;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageReaderTest {
    private static Map<String, BigDecimal> read(String json) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(json)) {
            parser.nextToken();
            return UsageReader.read(parser);
        }
    }

    @Test
    void readsNestedNumbers() throws IOException {
        assertThat(read("{\"total\": 3.5, \"text\": \"4\", \"details\": {\"tokens\": 12}}"))
                .isEqualTo(Map.of("total", new BigDecimal("3.5"), "details.tokens", new BigDecimal("12")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "1e999999999", "1e-999999999", "1e999", "null", "\"7\"", "[]"})
    void ignoresOtherValues(String value) throws IOException {
        // given
        String json = "{\"cost\": " + value + "}";

        // then
        assertThat(read(json)).isEmpty();
        assertThat(UsageReader.of("cost", new JsonObject(json).getValue("cost")).values())
                .allSatisfy(decoded -> assertThat(decoded).isZero());
    }
}
