package dev.darkroom.genuine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.comfyui.ComfyUiBackend;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link ComfyUiBackend} with a running ComfyUI. The workflows need no weights and no GPU. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ComfyUiGenuineIT {
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final int MAX_BYTES = 16 << 20;
    private static final String WORKFLOW = """
            {"1": {"class_type": "EmptyImage", "inputs": {"width": "%width%", "height": "%height%", "batch_size": "%count%", "color": 255}},
             "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "darkroom/%job%-%prompt%"}}}""";

    /** More than any test runs. */
    private static final int MANY_STEPS = 10_000;

    private final JobReference job = JobReference.of(UUID.randomUUID());
    /** Random, because ComfyUI answers equal workflows from its cache. */
    private final String prompt = "secretfox " + UUID.randomUUID();

    @TempDir
    private Path directory;

    private ComfyUiServer server;
    private Vertx vertx;
    private ComfyUiBackend backend;

    @BeforeEach
    void start() throws IOException, InterruptedException {
        server = ComfyUiServer.connect();
        vertx = Vertx.vertx();
        backend = backend(WORKFLOW);
    }

    @AfterEach
    void stop() {
        if (vertx != null) {
            get(backend.close());
            get(vertx.close());
        }
    }

    private ComfyUiBackend backend(String workflow) throws IOException {
        Path file = Files.writeString(directory.resolve("workflow.json"), workflow);
        return new ComfyUiBackend(
                vertx,
                TestSettings.with(
                        TestSettings.DEFAULTS.backend(),
                        "maxResponseBytes",
                        MAX_BYTES,
                        "maxImageBytes",
                        MAX_BYTES / 2,
                        "workflow",
                        file),
                server.url(),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES),
                65_536,
                null);
    }

    @Test
    void returnsImagesWithoutTheirWorkflow() {
        // when
        List<Image> images = generated(generate(request(64, 2)));

        // then
        assertThat(images).hasSize(2).allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(64);
            assertThat(new String(image.bytes().toBytes(), StandardCharsets.ISO_8859_1))
                    .doesNotContain("EmptyImage", "secretfox");
        });
    }

    @Test
    void findsAnEndedJob() {
        generated(generate(request(64, 1)));
        assertThat(generated(lookUp())).hasSize(1);
    }

    @Test
    void findsNoUnknownJob() {
        assertThat(lookUp()).isEqualTo(new BackendOutcome.JobNotFound());
    }

    @Test
    void cancellationOfAnUnknownJobHasNoEffect() {
        get(backend.cancel(job));
        assertThat(generated(generate(request(64, 1)))).hasSize(1);
    }

    @Test
    void rejectsAValueThatTheServerDoesNotAccept() {
        // when
        BackendFailure backendFailure = failed(generate(request(20_000, 1)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(backendFailure.code()).isEqualTo("WORKFLOW_REJECTED");
        assertThat(backendFailure.detail()).contains("node \"1\" (EmptyImage), input \"width\": value_bigger_than_max");
    }

    @Test
    void namesTheInputThatTheServerDoesNotHave() throws IOException {
        // given
        backend = backend(WORKFLOW.replace("\"color\"", "\"colour\""));

        // when
        BackendFailure backendFailure = failed(generate(request(64, 1)));

        // then
        assertThat(backendFailure.code()).isEqualTo("WORKFLOW_MISMATCH");
        assertThat(backendFailure.detail()).contains("node \"1\" (EmptyImage), input \"colour\"");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    fail: mat1 and mat2 shapes cannot be multiplied     | SERVER_ERROR  | EXECUTION_FAILED
                    fail memory: Allocation on device                   | SERVER_ERROR  | OUT_OF_MEMORY
                    fail: rejected by the server, moderation_blocked    | MODERATED     | MODERATED
                    fail: provider said insufficient_quota              | TERMINAL_AUTH | QUOTA_EXHAUSTED
                    """)
    void classifiesFailuresOfANode(String failure, FailureClass failureClass, String code) throws IOException {
        // given
        backend = backend(ComfyUiServer.workflow(1));

        // when
        BackendFailure backendFailure = failed(
                generate(new ImageRequest("genuine", failure, null, 64, 64, 1, 7, null, null, InputImages.NONE, 0)));

        // then
        assertThat(backendFailure.failureClass()).isEqualTo(failureClass);
        assertThat(backendFailure.code()).isEqualTo(code);
    }

    @Test
    void reportsPositionAndStepsOfAJob() throws IOException {
        // given
        backend = backend(ComfyUiServer.workflow(MANY_STEPS));
        ReportedProgress first = new ReportedProgress();
        Future<BackendOutcome> running = backend.generate(request(64, 1), new BackendCall(TIMEOUT, job, first));
        await().atMost(TIMEOUT).until(() -> !first.percents.isEmpty());

        // when
        backend = backend(ComfyUiServer.workflow(20));
        ReportedProgress second = new ReportedProgress();
        JobReference secondJob = JobReference.of(UUID.randomUUID());
        Future<BackendOutcome> waiting = backend.generate(request(64, 1), new BackendCall(TIMEOUT, secondJob, second));
        await().atMost(TIMEOUT).until(() -> !second.positions.isEmpty());
        get(backend.cancel(job));

        // then
        assertThat(failed(get(running)).code()).isEqualTo("INTERRUPTED_AT_SERVER");
        assertThat(generated(get(waiting))).hasSize(1);
        assertThat(second.positions).containsOnly(1);
        assertThat(second.percents).isSorted().contains(5, 50, 100);
    }

    @Test
    void cancelStopsTheJobOfTheKeyOnly() throws Exception {
        // given
        backend = backend(ComfyUiServer.workflow(MANY_STEPS));
        ReportedProgress progress = new ReportedProgress();
        Future<BackendOutcome> running = backend.generate(request(64, 1), new BackendCall(TIMEOUT, job, progress));
        await().atMost(TIMEOUT).until(() -> !progress.percents.isEmpty());
        ReportedProgress position = new ReportedProgress();
        JobReference other = JobReference.of(UUID.randomUUID());
        Future<BackendOutcome> waiting = backend.generate(request(64, 1), new BackendCall(TIMEOUT, other, position));
        await().atMost(TIMEOUT).until(() -> !position.positions.isEmpty());

        // when
        get(backend.cancel(JobReference.of(UUID.randomUUID())));
        get(backend.cancel(other));

        // then
        assertThat(failed(get(waiting)).code()).isEqualTo("JOB_LOST");
        assertThat(server.countQueued()).isEqualTo(1);
        assertThat(running.isComplete()).isFalse();

        // when
        get(backend.cancel(job));

        // then
        assertThat(failed(get(running)).code()).isEqualTo("INTERRUPTED_AT_SERVER");
        await().atMost(TIMEOUT).until(() -> server.countQueued() == 0);
    }

    @Test
    void findsARunningJobAfterItsConnectionsWereClosed() throws Exception {
        // given
        backend = backend(ComfyUiServer.workflow(30));
        ReportedProgress progress = new ReportedProgress();
        BackendCall lost = new BackendCall(TIMEOUT, job, progress);
        Future<BackendOutcome> outcome = backend.generate(request(64, 1), lost);
        await().atMost(TIMEOUT).until(() -> !progress.percents.isEmpty());

        // when
        lost.abort();

        // then
        assertThat(get(outcome)).isInstanceOf(BackendOutcome.Aborted.class);
        assertThat(generated(lookUp())).hasSize(1);
        assertThat(server.countJobs(prompt)).isEqualTo(1);
    }

    /** Collects the reports about a job. */
    private static final class ReportedProgress implements JobListener {
        private final List<Integer> percents = new CopyOnWriteArrayList<>();
        private final List<Integer> positions = new CopyOnWriteArrayList<>();

        @Override
        public void onAccepted(String providerId) {
            // Ignored.
        }

        @Override
        public void onProgress(JobProgress progress) {
            if (progress.percent() != null) {
                percents.add(progress.percent());
            }
            if (progress.queuePosition() != null) {
                positions.add(progress.queuePosition());
            }
        }
    }

    private ImageRequest request(int width, int count) {
        return new ImageRequest("genuine", prompt, null, width, 64, count, 7, null, null, InputImages.NONE, 0);
    }

    private BackendOutcome generate(ImageRequest request) {
        return get(backend.generate(request, new BackendCall(TIMEOUT, job, JobListener.NONE)));
    }

    private BackendOutcome lookUp() {
        return get(backend.lookUp(request(64, 1), new BackendCall(TIMEOUT, job, JobListener.NONE)));
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
}
