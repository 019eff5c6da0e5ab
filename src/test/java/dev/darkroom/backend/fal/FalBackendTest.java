package dev.darkroom.backend.fal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobLookUpTests;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.RequestLimits;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link FalBackend} with the simulator. */
class FalBackendTest extends FalFixture implements JobLookUpTests {
    private static final JsonObject LONG_REQUEST = new JsonObject().put("delay", "10m");

    @Override
    public ImageBackend jobBackend() {
        return backend;
    }

    @Override
    public ImageRequest jobRequest(int count) {
        return request(count);
    }

    @Test
    void returnsTheRequestedImagesAndReportsTheRequest() {
        // given
        RecordingJobListener listener = new RecordingJobListener();

        // when
        BackendOutcome outcome = get(backend.generate(request(3), call(listener)));

        // then
        assertThat(generated(outcome)).hasSize(3).doesNotHaveDuplicates().allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(96);
            assertThat(image.height()).isEqualTo(64);
        });
        assertThat(listener.accepted).singleElement().asString().matches("acme/painter/requests/[0-9a-f-]{36}");
    }

    @Test
    void sendsTheInputsOfTheModel() {
        // when
        generated(generate(request(2)));

        // then
        JsonObject received = simulator.recordedRequests().get(0);
        assertThat(received.getJsonObject("body"))
                .isEqualTo(new JsonObject()
                        .put("prompt", "a fox")
                        .put("seed", 7)
                        .put("num_images", 2)
                        .put("image_size", new JsonObject().put("width", 96).put("height", 64)));
        assertThat(received.getBoolean("authorization")).isTrue();
    }

    @Test
    void limitsRequestsToTheInputs() {
        RequestLimits limits = backend.limits(MODEL);
        assertThat(limits.negativePrompt()).isFalse();
        assertThat(limits.seed()).isEqualTo(RequestLimits.SEEDS);
        assertThat(limits.count().contains(4)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "painter",
                "acme/",
                "/acme/painter",
                "acme/../painter",
                "acme/painter?x=1",
                "https://acme/painter"
            })
    void rejectsAModelThatIsNoPathBeforeSendingIt(String model) {
        BackendFailure failure = failed(generate(request(1, model)));
        assertThat(failure.code()).isEqualTo("INVALID_MODEL");
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(simulator.recordedRequests()).isEmpty();
    }

    @Test
    void callsAnAppDirectlyWithoutAModel() {
        // given
        RecordingJobListener listener = new RecordingJobListener();

        // when
        List<Image> images = generated(get(backend.generate(request(2, null), call(listener))));

        // then
        assertThat(images).hasSize(2);
        assertThat(listener.accepted).isEmpty();
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void classifiesTheErrorsOfAnAppThatIsCalledDirectly() {
        simulator.script(
                flag("moderation"),
                new JsonObject().put("failedJob", "startup_timeout: no runner"),
                new JsonObject().put("failedJob", "RuntimeError"),
                new JsonObject().put("status", 504));
        assertThat(failed(generate(request(1, null))).failureClass()).isEqualTo(FailureClass.MODERATED);
        assertThat(failed(generate(request(1, null))).failureClass()).isEqualTo(FailureClass.REJECTED_RETRYABLE);
        assertThat(failed(generate(request(1, null))).failureClass()).isEqualTo(FailureClass.SERVER_ERROR);
        assertThat(failed(generate(request(1, null))).failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
    }

    @Test
    void repeatsADownloadAndNotTheSubmission() {
        assertDownloadIsRepeatedAndNotTheSubmission();
    }

    @Test
    void endsAtTheTimeoutAndReportsThePositionBefore() {
        // given
        simulator.script(LONG_REQUEST);
        RecordingJobListener listener = new RecordingJobListener();
        BackendCall backendCall = new BackendCall(Duration.ofSeconds(2), JobReference.of(UUID.randomUUID()), listener);

        // when
        BackendFailure failure = failed(get(backend.generate(request(1), backendCall)));

        // then
        assertThat(failure.timedOut()).isTrue();
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(listener.accepted).hasSize(1);
        assertThat(listener.progress).startsWith(new JobProgress(null, 0)).contains(new JobProgress(null, null));
    }

    @Test
    void doesNotLookUpAPathThatIsNoRequest() {
        assertThat(backend.canLookUp(new JobReference(UUID.randomUUID(), "../requests/1")))
                .isFalse();
    }

    @Test
    void reportsAnUnknownRequest() {
        BackendCall backendCall = new BackendCall(
                LONG_TIMEOUT,
                new JobReference(UUID.randomUUID(), "acme/painter/requests/" + UUID.randomUUID()),
                JobListener.NONE);
        assertThat(get(backend.lookUp(request(1), backendCall))).isInstanceOf(BackendOutcome.JobNotFound.class);
    }

    @Test
    void cancelsItsRequestOnly() {
        // given
        simulator.script(LONG_REQUEST, new JsonObject().put("delay", "200ms"));
        RecordingJobListener first = new RecordingJobListener();
        Future<BackendOutcome> canceled = backend.generate(request(1), call(first));
        await().until(() -> !first.accepted.isEmpty());
        Future<BackendOutcome> other = backend.generate(request(1), call(JobListener.NONE));

        // when
        get(backend.cancel(new JobReference(UUID.randomUUID(), first.accepted.get(0))));
        get(backend.cancel(JobReference.of(UUID.randomUUID())));

        // then
        assertThat(failed(get(canceled)).code()).isEqualTo("JOB_CANCELED");
        assertThat(generated(get(other))).hasSize(1);
    }

    @Test
    void checksHealth() {
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.PASSED);
        simulator.script(new JsonObject().put("status", 503).put("times", -1).put("models", true));
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.FAILED);
    }
}
