package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.image.ChunkedBytes;
import io.vertx.core.MultiMap;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import org.junit.jupiter.api.Test;
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

    @ParameterizedTest
    @CsvSource({"gpt-image-1, true", "openai/dall-e-3, true", "flux, false", ", false"})
    void recognizesModelsOfOpenAi(String model, boolean expected) {
        assertThat(OpenAiRequestFactory.isOpenAiModel(model)).isEqualTo(expected);
    }

    @Test
    void sendsParametersAsFieldsThatReplaceNone() {
        // given
        JsonObject parameters = new JsonObject().put("quality", "high").put("n", 9);

        // when
        JsonObject body = OpenAiRequestFactory.createBody(
                new ImageRequest("key", "a fox", null, 96, 64, 1, 7, null, parameters, InputImages.NONE, 0),
                BackendSettings.PromptSanitizing.PASS,
                EnumSet.of(BackendSettings.RequestField.N));

        // then
        assertThat(body)
                .isEqualTo(new JsonObject()
                        .put("quality", "high")
                        .put("prompt", "a fox")
                        .put("n", 1));
    }

    private static OutboundResponse response(int status, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        return new OutboundResponse(status, MultiMap.caseInsensitiveMultiMap(), ChunkedBytes.of(bytes), false);
    }
}
