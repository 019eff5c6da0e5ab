package dev.darkroom.backend.stability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.backend.RequestLimits.ImageSize;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link StabilityBackend} with the simulator. */
class StabilityBackendTest extends StabilityFixture {

    @Test
    void returnsAnImageWithTheRatioOfTheRequest() {
        assertThat(generated(generate(request(1)))).singleElement().satisfies(image -> {
            assertThat(image.width()).isEqualTo(1344);
            assertThat(image.height()).isEqualTo(768);
        });
    }

    @Test
    void sendsAFormWithTheFieldsOfTheEndpoint() {
        // given
        JsonObject parameters = new JsonObject()
                .put("style_preset", "anime")
                .put("cfg_scale", 4.5)
                .put("list", new JsonArray().add(1))
                .put("image", "dropped")
                .put("mode", "image-to-image");

        // when
        generated(generate(new ImageRequest(
                "key",
                "a fox ü\r\n--x <lora:a:1>",
                "text",
                1024,
                1024,
                1,
                77,
                "sd3.5-large",
                parameters,
                InputImages.NONE,
                0)));

        // then
        JsonObject received = simulator.recordedRequests().get(0);
        assertThat(received.getJsonObject("body"))
                .isEqualTo(new JsonObject()
                        .put("endpoint", "sd3")
                        .put("style_preset", "anime")
                        .put("cfg_scale", "4.5")
                        .put("list", "[1]")
                        .put("prompt", "a fox ü\r\n--x ‹lora:a:1>")
                        .put("negative_prompt", "text")
                        .put("aspect_ratio", "1:1")
                        .put("seed", "77")
                        .put("model", "sd3.5-large"));
        assertThat(received.getBoolean("authorization")).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "core, core, ",
        "stable-image-ultra, ultra, ",
        "sd3, sd3, ",
        "sd3.5-medium, sd3, sd3.5-medium",
        "next, next, "
    })
    void endpointFollowsTheModel(String model, String endpoint, String modelField) {
        generated(generate(request(model, 1024, 1024)));
        JsonObject body = simulator.recordedRequests().get(0).getJsonObject("body");
        assertThat(body.getString("endpoint")).isEqualTo(endpoint);
        assertThat(body.getString("model")).isEqualTo(modelField);
    }

    @ParameterizedTest
    @CsvSource({
        "1024, 1024, 1:1",
        "1920, 1080, 16:9",
        "720, 1280, 9:16",
        "1680, 720, 21:9",
        "576, 1344, 9:21",
        "1536, 1024, 3:2",
        "1024, 1536, 2:3",
        "1280, 1024, 5:4",
        "768, 960, 4:5"
    })
    void sizeBecomesARatio(int width, int height, String ratio) {
        assertThat(AspectRatio.find(width, height)).isEqualTo(ratio);
    }

    @Test
    void limitsAreTheSizesWithARatio() {
        // when
        RequestLimits limits = backend.limits("core");

        // then
        assertThat(limits.sizes())
                .doesNotHaveDuplicates()
                .allSatisfy(size -> assertThat(AspectRatio.find(size.width(), size.height()))
                        .as(size.toString())
                        .isNotNull());
        assertThat(limits.sizes().stream()
                        .map(size -> AspectRatio.find(size.width(), size.height()))
                        .distinct())
                .hasSize(9);
        assertThat(limits.sizes().get(0)).isEqualTo(new ImageSize(1024, 1024));
        assertThat(limits.count()).isEqualTo(NumberRange.between(1, 1));
        assertThat(limits.seed().contains(0)).as("a random seed").isFalse();
        assertThat(limits.negativePrompt()).isTrue();
        assertThat(backend.limits("sd3.5-large-turbo").negativePrompt()).isFalse();
    }

    @Test
    void rejectsAnotherRatioBeforeSendingIt() {
        BackendFailure failure = failed(generate(request("core", 1000, 999)));
        assertThat(failure.code()).isEqualTo("SIZE_NOT_SUPPORTED");
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "../x", "a/b", "A"})
    void rejectsARequestWithoutAModelBeforeSendingIt(String model) {
        assertThat(failed(generate(request(model, 1024, 1024))).code()).isEqualTo("MODEL_REQUIRED");
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void rejectsARequestForSeveralImagesBeforeSendingIt() {
        ImageRequest request =
                new ImageRequest("key", "a fox", null, 1024, 1024, 2, 7, "core", null, InputImages.NONE, 0);
        assertThat(failed(generate(request)).code()).isEqualTo("TOO_MANY_IMAGES");
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void acceptsABaseUrlThatEndsInTheVersion() {
        ImageBackend other = createBackend(URI.create(simulatorUrl() + "/v2beta"));
        assertThat(generated(get(other.generate(request(1), new BackendCall(LONG_TIMEOUT)))))
                .hasSize(1);
        get(other.close());
    }

    @Test
    void doesNotDeliverAFilteredImage() {
        simulator.script(flag("moderation"));
        assertThat(failed(generate(request(1))).failureClass()).isEqualTo(FailureClass.MODERATED);
    }

    @Test
    void doesNotLookUpALostResponse() {
        // given
        simulator.script(flag("dropAccepted"));
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        assertThat(failed(generate(request(1), backendCall)).failureClass()).isEqualTo(FailureClass.AMBIGUOUS);

        // then
        assertThat(backend.canLookUp(backendCall.job())).isFalse();
        assertThat(failed(get(backend.lookUp(request(1), backendCall))).code()).isEqualTo("JOB_ID_UNKNOWN");
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void abortClosesTheCall() {
        // given
        simulator.script(flag("hang"));
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(request(1), backendCall);
        awaitSubmissionCount(1);

        // when
        backendCall.abort();

        // then
        assertThat(get(outcome)).isInstanceOf(BackendOutcome.Aborted.class);
        awaitClosedConnection();
    }

    @Test
    void checksHealthWithTheBalance() {
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.PASSED);
        simulator.script(new JsonObject().put("status", 503).put("times", -1).put("models", true));
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.FAILED);
    }
}
