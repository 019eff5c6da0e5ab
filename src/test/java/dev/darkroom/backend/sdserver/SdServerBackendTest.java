package dev.darkroom.backend.sdserver;

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
import dev.darkroom.backend.NumberRange;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** {@link SdServerBackend} with the simulator. */
class SdServerBackendTest extends SdServerFixture implements JobLookUpTests {
    /** The server does not interrupt a running job, so each of these jobs needs a server of its own. */
    private static final JsonObject LONG_JOB = new JsonObject().put("delay", "10m");

    @Override
    public ImageBackend jobBackend() {
        return backend;
    }

    @Override
    public ImageRequest jobRequest(int count) {
        return request(count);
    }

    /** Starts a submission and returns once its id is known. */
    private Future<BackendOutcome> submit(ImageBackend busy, RecordingJobListener listener) {
        Future<BackendOutcome> outcome = busy.generate(request(1), call(listener));
        await().until(() -> !listener.accepted.isEmpty());
        return outcome;
    }

    private static BackendCall lookUpCall(String id) {
        return new BackendCall(LONG_TIMEOUT, new JobReference(UUID.randomUUID(), id), JobListener.NONE);
    }

    @Test
    void returnsTheRequestedImagesAndReportsTheId() {
        // given
        RecordingJobListener listener = new RecordingJobListener();

        // when
        BackendOutcome outcome = get(backend.generate(request(3), call(listener)));

        // then
        assertThat(generated(outcome)).hasSize(3).doesNotHaveDuplicates().allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(96);
            assertThat(image.height()).isEqualTo(64);
        });
        assertThat(listener.accepted).singleElement().asString().matches("job_[0-9a-f]+_[0-9a-f]{8}");
    }

    @Test
    void sendsTheFieldsOfTheApi() {
        // when
        generated(generate(request(2)));

        // then
        assertThat(simulator.recordedRequests().get(0).getJsonObject("body"))
                .isEqualTo(new JsonObject()
                        .put("prompt", "a fox")
                        .put("negative_prompt", "text")
                        .put("width", 96)
                        .put("height", 64)
                        .put("batch_count", 2)
                        .put("seed", 7)
                        .put("embed_image_metadata", false));
    }

    @Test
    void readsTheLimitsOfTheServer() {
        // when
        ServerLimits limits = get(backend.readLimits(null, Set.of("output_format", "lora"), LONG_TIMEOUT))
                .orElseThrow();

        // then
        assertThat(limits.width()).isEqualTo(NumberRange.between(64, 2048));
        assertThat(limits.count()).isEqualTo(NumberRange.between(1, 8));
        assertThat(limits.unsupported()).isEmpty();
        assertThat(limits.parameters()).containsOnlyKeys("output_format");
        assertThat(limits.parameters().get("output_format").getJsonArray("enum"))
                .isEqualTo(new JsonArray().add("png").add("jpeg").add("webp"));
    }

    @Test
    void reportsTheQueuePositionAndCancelsAWaitingJobOnly() {
        try (InProcessSimulator own = new InProcessSimulator(Duration.ZERO)) {
            // given
            own.script(LONG_JOB);
            ImageBackend busy = createBackend(URI.create("http://127.0.0.1:" + own.port()));
            RecordingJobListener first = new RecordingJobListener();
            Future<BackendOutcome> running = submit(busy, first);
            RecordingJobListener second = new RecordingJobListener();

            // when
            Future<BackendOutcome> waiting = submit(busy, second);
            await().until(() -> second.progress.contains(new JobProgress(null, 1)));
            get(busy.cancel(new JobReference(UUID.randomUUID(), first.accepted.get(0))));
            get(busy.cancel(new JobReference(UUID.randomUUID(), second.accepted.get(0))));
            get(busy.cancel(JobReference.of(UUID.randomUUID())));

            // then
            assertThat(failed(get(waiting)).code()).isEqualTo("JOB_CANCELED");
            assertThat(running.isComplete()).isFalse();
            assertThat(first.progress).contains(new JobProgress(null, null));
            get(busy.close());
        }
    }

    @Test
    void endsAtTheTimeoutWithTheIdKnown() {
        try (InProcessSimulator own = new InProcessSimulator(Duration.ZERO)) {
            // given
            own.script(LONG_JOB);
            ImageBackend busy = createBackend(URI.create("http://127.0.0.1:" + own.port()));
            RecordingJobListener listener = new RecordingJobListener();
            BackendCall backendCall =
                    new BackendCall(Duration.ofSeconds(2), JobReference.of(UUID.randomUUID()), listener);

            // when
            BackendFailure failure = failed(get(busy.generate(request(1), backendCall)));

            // then
            assertThat(failure.timedOut()).isTrue();
            assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
            assertThat(listener.accepted).hasSize(1);
            get(busy.close());
        }
    }

    @Test
    void reportsAnUnknownId() {
        assertThat(get(backend.lookUp(request(1), lookUpCall("job_6a_00000000"))))
                .isInstanceOf(BackendOutcome.JobNotFound.class);
    }

    @Test
    void pausesWhenTheQueueIsFull() {
        simulator.script(
                new JsonObject().put("status", 429).put("body", new JsonObject().put("error", "job queue is full")));
        BackendFailure failure = failed(generate(request(1)));
        assertThat(failure.rateLimited()).isTrue();
        assertThat(failure.detail()).isEqualTo("job queue is full");
    }

    @Test
    void checksHealth() {
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.PASSED);
        simulator.script(new JsonObject().put("status", 503).put("times", -1).put("models", true));
        assertThat(get(backend.checkHealth(Duration.ofSeconds(20)))).isEqualTo(HealthCheckResult.FAILED);
    }
}
