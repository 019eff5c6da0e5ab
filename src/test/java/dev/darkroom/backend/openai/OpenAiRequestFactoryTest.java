package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.http.OutboundResponse;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.MultiMap;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenAiRequestFactoryTest {
    @ParameterizedTest
    @CsvSource({
        "400, Unknown parameter: 'seed'., true",
        "400, Unrecognized request argument supplied: response_format, true",
        "422, '[{\"loc\":[\"body\",\"seed\"],\"msg\":\"Extra inputs are not permitted\"}]', true",
        "400, 'json: unknown field \"seed\"', true",
        "400, Unknown parameter: 'negative_prompt'., false",
        "400, seed must be positive, false",
        "500, Unknown parameter: 'seed'., false"
    })
    void recognizesRejectedExtensions(int status, String body, boolean expected) {
        assertThat(OpenAiRequestFactory.rejectsExtensions(response(status, body)))
                .isEqualTo(expected);
    }

    private static OutboundResponse response(int status, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return new OutboundResponse(status, MultiMap.caseInsensitiveMultiMap(), ChunkedBytes.of(bytes), false);
    }
}
