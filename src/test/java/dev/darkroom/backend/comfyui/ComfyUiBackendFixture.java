package dev.darkroom.backend.comfyui;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.Secret;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.Image;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A {@link ComfyUiBackend} with the sample workflow and a {@link ComfyUiTestServer}. */
abstract class ComfyUiBackendFixture {
    static final Duration LONG_TIMEOUT = Duration.ofSeconds(60);
    static final Duration POLL_INTERVAL = Duration.ofMillis(10);
    static final Path WORKFLOW = Path.of("conf/examples/comfyui-workflow.json");
    static final String API_KEY = "sk-very-secret-key";
    static final int MAX_BYTES = 4 << 20;

    final RecordingJobListener listener = new RecordingJobListener();
    final UUID key = UUID.fromString("0190F0AA-1111-7111-8111-00000000000A");
    Vertx vertx;
    ComfyUiTestServer server;
    ComfyUiBackend backend;

    /** Remembers all reports. */
    static final class RecordingJobListener implements JobListener {
        final List<String> acceptedIds = new CopyOnWriteArrayList<>();
        final List<JobProgress> progress = new CopyOnWriteArrayList<>();

        @Override
        public void onAccepted(String providerId) {
            acceptedIds.add(providerId);
        }

        @Override
        public void onProgress(JobProgress jobProgress) {
            progress.add(jobProgress);
        }
    }

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        startServer(router -> {});
    }

    @AfterEach
    void stop() {
        ComfyUiTestServer.result(backend.close());
        ComfyUiTestServer.result(vertx.close());
    }

    /** Replaces the server and the backend. */
    void startServer(Consumer<Router> overrides) {
        server = ComfyUiTestServer.start(vertx, Duration.ofMillis(8), overrides);
        backend = backend(WORKFLOW);
    }

    ComfyUiBackend backend(Path workflow) {
        Settings.Backend settings = TestSettings.with(
                TestSettings.DEFAULTS.backend(),
                "apiKey",
                new Secret(API_KEY),
                "name",
                "comfy",
                "connectTimeout",
                Duration.ofSeconds(5),
                "maxResponseBytes",
                MAX_BYTES,
                "maxImageBytes",
                MAX_BYTES / 2,
                "downloadAttempts",
                2,
                "workflow",
                workflow);
        return new ComfyUiBackend(
                vertx,
                settings,
                server.base(),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES),
                65_536,
                POLL_INTERVAL);
    }

    static ImageRequest request(int count) {
        return new ImageRequest("generation-1", "a secret fox", "no text", 96, 80, count, 7, null);
    }

    BackendCall call(Duration timeout) {
        return call(timeout, JobReference.of(key));
    }

    BackendCall call(Duration timeout, JobReference job) {
        return new BackendCall(timeout, job, listener);
    }

    BackendOutcome generate(int count) {
        return result(backend.generate(request(count), call(LONG_TIMEOUT)));
    }

    BackendOutcome lookUp(int count) {
        return result(backend.lookUp(request(count), call(LONG_TIMEOUT)));
    }

    static <T> T result(Future<T> future) {
        return ComfyUiTestServer.result(future);
    }

    static List<Image> generated(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Generated.class);
        return ((BackendOutcome.Generated) backendOutcome).images();
    }

    static BackendFailure failed(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Failed.class);
        return ((BackendOutcome.Failed) backendOutcome).backendFailure();
    }
}
