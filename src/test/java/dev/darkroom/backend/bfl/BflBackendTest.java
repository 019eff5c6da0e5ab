package dev.darkroom.backend.bfl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link BflBackend} with the simulator. */
class BflBackendTest extends BflFixture {
    private static final JsonObject LONG_TASK = new JsonObject().put("delay", "10m");

    @Test
    void returnsTheImageAndReportsTheId() {
        // given
        RecordingJobListener listener = new RecordingJobListener();

        // when
        List<Image> images = generated(get(backend.generate(request(1), call(listener))));

        // then
        assertThat(images).singleElement().satisfies(image -> {
            assertThat(image.width()).isEqualTo(96);
            assertThat(image.height()).isEqualTo(64);
        });
        assertThat(listener.accepted)
                .singleElement()
                .satisfies(id -> assertThat(id).matches("[0-9a-f-]{36}"));
    }

    @Test
    void sendsTheFieldsOfTheModelAndTheKey() {
        // when
        generated(generate(new ImageRequest(
                "key",
                "a fox <lora:x:1>",
                null,
                96,
                64,
                1,
                77,
                MODEL,
                new JsonObject().put("safety_tolerance", 1).put("prompt", "ignored"),
                InputImages.NONE,
                0)));
        generated(generate(request("flux-kontext-pro")));

        // then
        List<JsonObject> received = simulator.recordedRequests();
        assertThat(received.get(0).getJsonObject("body"))
                .isEqualTo(new JsonObject()
                        .put("safety_tolerance", 1)
                        .put("prompt", "a fox ‹lora:x:1>")
                        .put("seed", 77)
                        .put("width", 96)
                        .put("height", 64));
        assertThat(received.get(0).getBoolean("authorization")).isTrue();
        assertThat(received.get(1).getJsonObject("body"))
                .isEqualTo(
                        new JsonObject().put("prompt", "a fox").put("seed", 7).put("aspect_ratio", "3:2"));
    }

    @Test
    void limitsFollowTheModel() {
        assertThat(backend.limits(MODEL).width().contains(64)).isTrue();
        assertThat(backend.limits("flux-pro-1.1").width()).isEqualTo(NumberRange.between(256, 1440));
        assertThat(backend.limits("flux-pro-1.1-ultra").width().contains(9)).isTrue();
        assertThat(backend.limits(null).count()).isEqualTo(NumberRange.between(1, 1));
        assertThat(backend.limits(MODEL).negativePrompt()).isFalse();
    }

    @ParameterizedTest
    @NullSource
    @ValueSource(strings = {"", "a/b", "../credits", "flux?x"})
    void rejectsARequestWithoutAModelBeforeSendingIt(String model) {
        BackendFailure failure = failed(generate(request(model)));
        assertThat(failure.code()).isEqualTo("MODEL_REQUIRED");
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void rejectsARequestForSeveralImagesBeforeSendingIt() {
        BackendFailure failure = failed(
                generate(new ImageRequest("key", "a fox", null, 96, 64, 2, 7, MODEL, null, InputImages.NONE, 0)));
        assertThat(failure.code()).isEqualTo("TOO_MANY_IMAGES");
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void acceptsABaseUrlThatEndsInV1() {
        ImageBackend other = createBackend(URI.create(simulatorUrl() + "/v1"));
        assertThat(generated(get(other.generate(request(1), new BackendCall(LONG_TIMEOUT)))))
                .hasSize(1);
        get(other.close());
    }

    @Test
    void repeatsADownloadAndNotTheSubmission() {
        assertDownloadIsRepeatedAndNotTheSubmission();
    }

    @Test
    void waitsWhenTheAccountHasTooManyTasks() {
        // given
        JsonObject running = new JsonObject().put("delay", "10m").put("times", 24);
        simulator.script(running);
        BackendCall calls = new BackendCall(LONG_TIMEOUT);
        for (int i = 0; i < 24; i++) {
            backend.generate(request(1), calls);
        }
        awaitSubmissionCount(24);

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.rateLimited()).isTrue();
        assertThat(failure.retryAfter()).isEqualTo(Duration.ofSeconds(5));
        calls.abort();
    }

    @Test
    void endsAtTheTimeoutAndReportsTheIdAndTheProgressBefore() {
        // given
        simulator.script(LONG_TASK);
        RecordingJobListener listener = new RecordingJobListener();
        BackendCall backendCall = new BackendCall(Duration.ofSeconds(2), JobReference.of(UUID.randomUUID()), listener);

        // when
        BackendFailure failure = failed(generate(request(1), backendCall));

        // then
        assertThat(failure.timedOut()).isTrue();
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(listener.accepted).hasSize(1);
        assertThat(listener.progress).contains(new JobProgress(50, null));
    }

    @Test
    void findsAnAcceptedTaskAndDoesNotSubmitAgain() {
        // given a call that ends while its task runs
        simulator.script(new JsonObject().put("delay", "300ms"));
        RecordingJobListener listener = new RecordingJobListener();
        BackendCall first = call(listener);
        Future<BackendOutcome> aborted = backend.generate(request(1), first);
        await().until(() -> !listener.accepted.isEmpty());
        first.abort();
        assertThat(get(aborted)).isInstanceOf(BackendOutcome.Aborted.class);
        JobReference job = new JobReference(first.job().key(), listener.accepted.get(0));

        // when
        assertThat(backend.canLookUp(job)).isTrue();
        BackendOutcome outcome = get(backend.lookUp(request(1), new BackendCall(LONG_TIMEOUT, job, JobListener.NONE)));

        // then
        assertThat(generated(outcome)).hasSize(1);
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void doesNotLookUpWithoutAnId() {
        // given
        simulator.script(flag("dropAccepted"));
        BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
        assertThat(failed(generate(request(1), backendCall)).failureClass()).isEqualTo(FailureClass.AMBIGUOUS);

        // then
        assertThat(backend.canLookUp(backendCall.job())).isFalse();
        assertThat(failed(get(backend.lookUp(request(1), backendCall))).failureClass())
                .isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void reportsAnUnknownId() {
        BackendCall backendCall =
                new BackendCall(LONG_TIMEOUT, new JobReference(UUID.randomUUID(), "unknown"), JobListener.NONE);
        assertThat(get(backend.lookUp(request(1), backendCall))).isInstanceOf(BackendOutcome.JobNotFound.class);
    }

    @Test
    void checksHealthWithTheCredits() {
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.PASSED);
        simulator.script(new JsonObject().put("status", 503).put("times", -1).put("models", true));
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.FAILED);
    }
}
