package dev.darkroom.backend.replicate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobLookUpTests;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** {@link ReplicateBackend} with the simulator. */
class ReplicateBackendTest extends ReplicateFixture implements JobLookUpTests {
    private static final JsonObject LONG_PREDICTION = new JsonObject().put("delay", "10m");

    @Override
    public ImageBackend jobBackend() {
        return backend;
    }

    @Override
    public ImageRequest jobRequest(int count) {
        return request(count);
    }

    @Test
    void readsTheLimitsOfTheModel() {
        // when
        ServerLimits limits = get(backend.readLimits("acme/painter:abc", Set.of("num_inference_steps"), LONG_TIMEOUT))
                .orElseThrow();

        // then
        assertThat(limits.width()).isEqualTo(NumberRange.between(64, 2048));
        assertThat(limits.count()).isEqualTo(NumberRange.between(1, 10));
        assertThat(limits.unsupported()).isEmpty();
        assertThat(limits.parameters().get("num_inference_steps").getInteger("maximum"))
                .isEqualTo(50);
        assertThat(get(backend.readLimits("abc", Set.of(), LONG_TIMEOUT))).isEmpty();
        assertThat(get(backend.readLimits("acme/painter", Set.of(), LONG_TIMEOUT)))
                .isPresent();
    }

    @Test
    void returnsTheRequestedImagesAndReportsTheId() {
        // given
        RecordingListener listener = new RecordingListener();

        // when
        BackendOutcome outcome = get(backend.generate(request(3), call(listener)));

        // then
        List<Image> images = generated(outcome);
        assertThat(images).hasSize(3).doesNotHaveDuplicates().allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(96);
            assertThat(image.height()).isEqualTo(64);
        });
        assertThat(listener.accepted).isCompletedWithValueMatching(id -> id.matches("[0-9a-f]{32}"));
    }

    @Test
    void sendsOnlyTheInputsOfTheModel() {
        // when
        generated(generate(requestWithAllFields("acme/painter")));

        // then
        JsonObject received = simulator.recordedRequests().get(0);
        assertThat(received.getJsonObject("body")).isEqualTo(BODY_WITH_ALL_FIELDS);
        assertThat(received.getBoolean("authorization")).isTrue();
    }

    @Test
    void sendsTheVersionOfAModelInTheBody() {
        for (String model :
                List.of("acme/painter:9dcd6d78e7c6560c340d916fe32e9f24", "9dcd6d78e7c6560c340d916fe32e9f24")) {
            // when
            generated(generate(new ImageRequest("key", "a fox", null, 96, 64, 1, 7, model, null, InputImages.NONE, 0)));

            // then
            assertThat(simulator.recordedRequests().get(0).getJsonObject("body").getString("version"))
                    .isEqualTo(model);
            simulator.reset();
        }
    }

    @Test
    void rejectsARequestWithoutAModelBeforeSendingIt() {
        BackendFailure failure =
                failed(generate(new ImageRequest("key", "a fox", null, 96, 64, 1, 7, null, null, InputImages.NONE, 0)));
        assertThat(failure.code()).isEqualTo("MODEL_REQUIRED");
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
    void waitsAsLongAsARateLimitRequires() {
        // given
        simulator.script(new JsonObject()
                .put("status", 429)
                .put("body", new JsonObject().put("detail", "throttled").put("retry_after", 5)));

        // when
        BackendFailure failure = failed(generate(request(1)));

        // then
        assertThat(failure.rateLimited()).isTrue();
        assertThat(failure.retryAfter()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void endsAtTheTimeoutAndReportsTheIdAndTheProgressBefore() {
        // given
        simulator.script(LONG_PREDICTION);
        RecordingListener listener = new RecordingListener();
        BackendCall backendCall = new BackendCall(Duration.ofSeconds(2), JobReference.of(UUID.randomUUID()), listener);

        // when
        BackendFailure failure = failed(get(backend.generate(request(1), backendCall)));

        // then
        assertThat(failure.timedOut()).isTrue();
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(listener.accepted).isCompleted();
        assertThat(listener.progress).isCompletedWithValue(new JobProgress(50, null));
    }

    @Test
    void endsAtTheTimeoutWithoutAResponse() {
        simulator.script(flag("hang"));
        BackendFailure failure = failed(get(backend.generate(request(1), new BackendCall(Duration.ofMillis(300)))));
        assertThat(failure.timedOut()).isTrue();
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
    }

    @Test
    void reportsAnUnknownId() {
        BackendCall backendCall = new BackendCall(
                LONG_TIMEOUT, new JobReference(UUID.randomUUID(), "gm3qorzdhgbfurvjtvhg6dckhu"), JobListener.NONE);
        assertThat(get(backend.lookUp(request(1), backendCall))).isInstanceOf(BackendOutcome.JobNotFound.class);
    }

    @Test
    void cancelsItsPredictionOnly() {
        // given
        simulator.script(LONG_PREDICTION, new JsonObject().put("delay", "200ms"));
        RecordingListener first = new RecordingListener();
        Future<BackendOutcome> canceled = backend.generate(request(1), call(first));
        String id = get(first.accepted);
        Future<BackendOutcome> other = backend.generate(request(1), call(JobListener.NONE));

        // when
        get(backend.cancel(new JobReference(UUID.randomUUID(), id)));
        get(backend.cancel(JobReference.of(UUID.randomUUID())));

        // then
        assertThat(failed(get(canceled)).code()).isEqualTo("JOB_CANCELED");
        assertThat(generated(get(other))).hasSize(1);
    }

    @Test
    void checksHealthWithTheAccount() {
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.PASSED);
        simulator.script(new JsonObject().put("status", 503).put("times", -1).put("models", true));
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.FAILED);
    }
}
