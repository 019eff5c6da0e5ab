package dev.darkroom.backend.openai;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.TestImages;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Requests and responses of {@link OpenAiImagesBackend}. */
class OpenAiImagesBackendTest extends OpenAiBackendFixture {
    @Test
    void returnsInspectedBase64ImagesInOrder() {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG, TestImages.jpeg(32, 16)));

        // when
        List<Image> images = generated(generate(request(2)));

        // then
        assertThat(images).extracting(Image::format).containsExactly(ImageFormat.PNG, ImageFormat.JPEG);
        assertThat(images.get(0).bytes().toBytes()).isEqualTo(PNG);
        assertThat(images.get(0).width()).isEqualTo(64);
    }

    @Test
    void sendsAllFieldsOfTheRequest() {
        // given
        server.script(GENERATIONS, server.respondWithImages(PNG));

        // when
        generated(generate(new ImageRequest(
                "key-1", "a fox ü 🦊", "no text", 512, 384, 1, 77, "flux", null, InputImages.NONE, 0)));

        // then
        ScriptedHttpServer.ReceivedRequest received =
                server.requests(GENERATIONS).get(0);
        assertThat(received.json())
                .isEqualTo(new JsonObject()
                        .put("model", "flux")
                        .put("prompt", "a fox ü 🦊")
                        .put("negative_prompt", "no text")
                        .put("n", 1)
                        .put("size", "512x384")
                        .put("seed", 77)
                        .put("response_format", "b64_json"));
        assertThat(received.headers())
                .containsEntry("authorization", "Bearer " + KEY)
                .containsEntry("idempotency-key", "key-1")
                .containsEntry("accept", "application/json")
                .containsEntry("content-type", "application/json")
                .containsEntry("accept-encoding", "identity")
                .containsEntry("connection", "close");
    }

    @Test
    void sendsOnlyKnownFieldsToModelsOfOpenAi() {
        assertThat(OpenAiRequestFactory.createBody(
                                new ImageRequest("k", "p", null, 8, 8, 1, 1, "gpt-image-1", null, InputImages.NONE, 0),
                                BackendSettings.PromptSanitizing.PASS,
                                OpenAiRequestFactory.optionalFields("gpt-image-1"))
                        .fieldNames())
                .containsExactlyInAnyOrder("model", "prompt", "n", "size");
        assertThat(OpenAiRequestFactory.createBody(
                                new ImageRequest("k", "p", null, 8, 8, 1, 1, "dall-e-3", null, InputImages.NONE, 0),
                                BackendSettings.PromptSanitizing.PASS,
                                OpenAiRequestFactory.optionalFields("dall-e-3"))
                        .fieldNames())
                .containsExactlyInAnyOrder("model", "prompt", "n", "size", "response_format");
        assertThat(OpenAiRequestFactory.createBody(
                                new ImageRequest("k", "p", null, 8, 8, 1, 1, null, null, InputImages.NONE, 0),
                                BackendSettings.PromptSanitizing.PASS,
                                OpenAiRequestFactory.optionalFields(null))
                        .fieldNames())
                .containsExactlyInAnyOrder("prompt", "n", "size", "seed", "response_format");
    }

    @Test
    void abortsAnOversizedResponse() {
        // given
        server.script(GENERATIONS, server.sendEndlessBody());

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.INVALID_RESULT);
        assertThat(backendFailure.code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertConnectionAborted(server);
    }

    @Test
    void rejectsAnOversizedContentLength() {
        // given
        server.script(GENERATIONS, server.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("RESPONSE_TOO_LARGE");
    }

    @Test
    void mapsAHugeErrorByItsStatus() {
        // given
        server.script(GENERATIONS, server.respondWith(503, "x".repeat(5 << 20), "Retry-After: 7"));

        // when
        BackendFailure backendFailure = failed(generate(request(1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.REJECTED_RETRYABLE);
        assertThat(backendFailure.retryAfter()).isEqualTo(Duration.ofSeconds(7));
        assertThat(backendFailure.detail()).hasSizeLessThanOrEqualTo(300);
    }

    @ParameterizedTest
    @MethodSource("invalidSuccesses")
    void invalidSuccessIsAFailure(int status, String body, String expectedCode) {
        // given
        server.script(GENERATIONS, server.respondWith(status, body));

        // when
        BackendFailure backendFailure = failed(generate(request(2)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.INVALID_RESULT);
        assertThat(backendFailure.code()).isEqualTo(expectedCode);
    }

    static Stream<Arguments> invalidSuccesses() {
        byte[] truncated = Arrays.copyOf(PNG, PNG.length - 20);
        byte[] huge = new byte[700_000];
        return Stream.of(
                Arguments.of(200, "", "EMPTY_RESPONSE"),
                Arguments.of(200, "{\"data\":[]}", "EMPTY_RESPONSE"),
                Arguments.of(200, "<html>Welcome</html>", "MALFORMED_RESPONSE"),
                Arguments.of(200, ScriptedHttpServer.base64(PNG), "TOO_FEW_IMAGES"),
                Arguments.of(
                        200,
                        ScriptedHttpServer.base64(PNG, "GIF89a".getBytes(StandardCharsets.US_ASCII)),
                        "INVALID_IMAGE"),
                Arguments.of(200, ScriptedHttpServer.base64(PNG, new byte[0]), "TOO_FEW_IMAGES"),
                Arguments.of(200, ScriptedHttpServer.base64(PNG, truncated), "INVALID_IMAGE"),
                Arguments.of(200, ScriptedHttpServer.base64(PNG, huge), "RESPONSE_TOO_LARGE"));
    }

    @Test
    void noContentIsAnEmptyResponse() {
        server.script(GENERATIONS, server.sendRaw("HTTP/1.1 204 No Content\r\n\r\n"));
        assertThat(failed(generate(request(1))).code()).isEqualTo("EMPTY_RESPONSE");
    }

    @Test
    void errorInASuccessIsAServerError() {
        server.script(GENERATIONS, server.respondWith(200, "{\"error\":{\"message\":\"CUDA out of memory\"}}"));
        BackendFailure backendFailure = failed(generate(request(1)));
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.SERVER_ERROR);
        assertThat(backendFailure.detail()).isEqualTo("CUDA out of memory");
    }

    @Test
    void ignoresAdditionalImages() {
        server.script(GENERATIONS, server.respondWithImages(PNG, PNG, "junk".getBytes(StandardCharsets.US_ASCII)));
        assertThat(generated(generate(request(2)))).hasSize(2);
    }

    @Test
    void doesNotFollowRedirectsOfTheSubmission() {
        // given
        server.script(GENERATIONS, server.respondWith(307, "", "Location: " + files.url("/redirected")));

        // then
        assertThat(failed(generate(request(1))).code()).isEqualTo("UNEXPECTED_REDIRECT");
        assertThat(files.requests("/redirected")).isEmpty();
    }

    @Test
    void redactsTheApiKeyInTheDetail() {
        server.script(GENERATIONS, server.respondWith(401, "{\"error\":{\"message\":\"Incorrect key " + KEY + "\"}}"));
        assertThat(failed(generate(request(1))).toString()).doesNotContain(KEY).contains("Incorrect key <redacted>");
    }
}
