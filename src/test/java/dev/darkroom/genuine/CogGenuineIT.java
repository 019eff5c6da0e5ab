package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.HealthCheckResult;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.backend.replicate.CogBackend;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link CogBackend} with the server of cog: the facts of {@code docs/backends/cog.md}. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CogGenuineIT {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final int MAX_BYTES = 8 << 20;

    private static Vertx vertx;
    private static CogContainerProcess container;
    private static CogBackend backend;

    @BeforeAll
    static void start() throws Exception {
        vertx = Vertx.vertx();
        container = CogContainerProcess.start();
        BackendSettings defaults = TestSettings.DEFAULTS.backend();
        BackendSettings settings = TestSettings.with(
                defaults, "breaker", TestSettings.with(defaults.breaker(), "healthCheckPath", "/health-check"));
        backend = new CogBackend(
                vertx,
                settings,
                container.url(),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES),
                65_536,
                InputFields.DEFAULT);
    }

    @AfterAll
    static void stop() {
        if (container != null) {
            container.close();
        }
        get(vertx.close());
    }

    @BeforeEach
    void awaitFreeSlot() {
        await().atMost(Duration.ofMinutes(1))
                .until(() -> get(backend.checkHealth(Duration.ofSeconds(10))) == HealthCheckResult.PASSED);
        // BUSY passes the health check as well.
        await().atMost(Duration.ofMinutes(1)).until(() -> generate("free") instanceof BackendOutcome.Generated);
    }

    private static ImageRequest request(String prompt, int count, int width) {
        return new ImageRequest("key", prompt, null, width, 48, count, 7, null, null, InputImages.NONE, 0);
    }

    private static BackendOutcome generate(String prompt) {
        return get(backend.generate(request(prompt, 1, 64), new BackendCall(TIMEOUT)));
    }

    private static List<Image> generated(BackendOutcome outcome) {
        assertThat(outcome).isInstanceOf(BackendOutcome.Generated.class);
        return ((BackendOutcome.Generated) outcome).images();
    }

    private static BackendFailure failed(BackendOutcome outcome) {
        assertThat(outcome).isInstanceOf(BackendOutcome.Failed.class);
        return ((BackendOutcome.Failed) outcome).backendFailure();
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.toCompletionStage().toCompletableFuture().get(3, TimeUnit.MINUTES);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Starts a prediction and returns once it runs. */
    private static Future<BackendOutcome> startPrediction(String prompt, BackendCall backendCall) {
        Future<BackendOutcome> outcome = backend.generate(request(prompt, 1, 64), backendCall);
        await().atMost(Duration.ofMinutes(1)).until(() -> outcome.isComplete() || count(prompt) == 1);
        return outcome;
    }

    private static long count(String prompt) throws IOException {
        return container.countPredictions(prompt);
    }

    @Test
    void returnsImages() {
        // when
        List<Image> images = generated(get(backend.generate(request("a fox", 2, 64), new BackendCall(TIMEOUT))));

        // then
        assertThat(images).hasSize(2).doesNotHaveDuplicates().allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(64);
            assertThat(image.height()).isEqualTo(48);
        });
        await().until(() -> generate("a fox") instanceof BackendOutcome.Generated again
                && again.images().equals(images.subList(0, 1)));
    }

    @Test
    void rejectsBadInput() throws IOException {
        BackendFailure failure = failed(get(backend.generate(request("too wide", 1, 5000), new BackendCall(TIMEOUT))));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(failure.httpStatus()).isEqualTo(422);
        assertThat(count("too wide")).isZero();
    }

    @Test
    void classifiesFailuresOfTheModel() {
        assertThat(awaitFailure("fail NSFW content detected. Try running it again.")
                        .failureClass())
                .isEqualTo(FailureClass.MODERATED);
        assertThat(awaitFailure("fail CUDA out of memory").failureClass()).isEqualTo(FailureClass.SERVER_ERROR);
    }

    /** Repeats a prediction while the slot of the previous one is not free. */
    private static BackendFailure awaitFailure(String prompt) {
        return await().until(
                        () -> failed(generate(prompt)),
                        failure -> !failure.code().equals("AT_CAPACITY"));
    }

    @Test
    void cancelStopsThePredictionOfTheKeyOnly() {
        // given
        BackendCall backendCall = new BackendCall(TIMEOUT);
        Future<BackendOutcome> outcome = startPrediction("sleep 100", backendCall);

        // when
        get(backend.cancel(JobReference.of(UUID.randomUUID())));
        BackendFailure busy = failed(generate("while busy"));

        // then
        assertThat(outcome.isComplete()).isFalse();
        assertThat(busy.code()).isEqualTo("AT_CAPACITY");

        // when
        get(backend.cancel(backendCall.job()));

        // then
        assertThat(failed(get(outcome)).code()).isEqualTo("JOB_CANCELED");
    }

    @Test
    void closedConnectionCancelsThePrediction() {
        // given
        BackendCall backendCall = new BackendCall(TIMEOUT);
        Future<BackendOutcome> outcome = startPrediction("sleep 101", backendCall);

        // when
        backendCall.abort();

        // then
        assertThat(get(outcome)).isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(Duration.ofSeconds(60)).until(() -> generate("next") instanceof BackendOutcome.Generated);
    }

    @Test
    void secondSubmissionNeitherReturnsTheImagesNorRunsTwiceUntilTheEnd() throws IOException {
        // given
        BackendCall first = new BackendCall(TIMEOUT);
        Future<BackendOutcome> outcome = startPrediction("gate", first);
        ImageRequest request = request("gate", 1, 64);

        // when
        BackendCall second = new BackendCall(TIMEOUT, first.job(), JobListener.NONE);
        BackendFailure failure = failed(get(backend.generate(request, second)));

        // then
        assertThat(failure.failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failure.code()).isEqualTo("JOB_ALREADY_RUNNING");

        // when
        container.openGate();

        // then
        assertThat(generated(get(outcome))).hasSize(1);
        assertThat(count("gate")).isEqualTo(1);

        // when the same key is used after the end
        await().until(() -> get(backend.generate(request, new BackendCall(TIMEOUT, first.job(), JobListener.NONE)))
                instanceof BackendOutcome.Generated);

        // then it runs again
        assertThat(count("gate")).isEqualTo(2);
        assertThat(backend.canLookUp(first.job())).isFalse();
    }

    @Test
    void killInTheMiddleLeavesTheOutcomeOpen() throws IOException {
        // given
        Future<BackendOutcome> outcome = startPrediction("sleep 102", new BackendCall(TIMEOUT));

        // when
        container.kill();

        // then
        assertThat(failed(get(outcome)).failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failed(generate("while down")).failureClass()).isEqualTo(FailureClass.NOT_SENT);
        assertThat(get(backend.checkHealth(Duration.ofSeconds(10)))).isEqualTo(HealthCheckResult.UNREACHABLE);

        // when
        container.restart();

        // then
        await().atMost(Duration.ofMinutes(1)).until(() -> generate("restarted") instanceof BackendOutcome.Generated);
    }
}
