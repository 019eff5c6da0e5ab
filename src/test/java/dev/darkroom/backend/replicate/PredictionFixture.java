package dev.darkroom.backend.replicate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.Secret;
import dev.darkroom.config.Settings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.Image;
import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;

/** A backend of this package with the simulator, over real sockets. */
abstract class PredictionFixture {
    static final Duration LONG_TIMEOUT = Duration.ofSeconds(60);
    static final Duration POLL_INTERVAL = Duration.ofMillis(10);
    static final String API_KEY = "r8_very_secret_token";
    static final int MAX_BYTES = 4 << 20;

    static Vertx vertx;
    static InProcessSimulator simulator;
    ImageBackend backend;

    /** Collects the reports about a job. */
    static final class RecordingListener implements JobListener {
        final CompletableFuture<String> accepted = new CompletableFuture<>();
        final CompletableFuture<JobProgress> progress = new CompletableFuture<>();

        @Override
        public void onAccepted(String providerId) {
            assertThat(accepted.complete(providerId)).as("reported once").isTrue();
        }

        @Override
        public void onProgress(JobProgress jobProgress) {
            progress.complete(jobProgress);
        }
    }

    @BeforeAll
    static void startSimulator() {
        vertx = Vertx.vertx();
        simulator = new InProcessSimulator(Duration.ZERO);
    }

    @AfterAll
    static void stopSimulator() {
        simulator.close();
        get(vertx.close());
    }

    @BeforeEach
    void start() {
        simulator.reset();
        backend = createBackend(simulatorUrl());
    }

    @AfterEach
    void stop() {
        get(backend.close());
    }

    abstract ImageBackend createBackend(URI base);

    static URI simulatorUrl() {
        return URI.create("http://127.0.0.1:" + simulator.port());
    }

    static ResponseMemoryBudget memory() {
        return new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES);
    }

    static Settings.Backend settings(String healthCheckPath) {
        Settings.Backend defaults = TestSettings.DEFAULTS.backend();
        return TestSettings.with(
                defaults,
                "apiKey",
                new Secret(API_KEY),
                "name",
                "test",
                "timeout",
                LONG_TIMEOUT,
                "connectTimeout",
                Duration.ofSeconds(2),
                "maxResponseBytes",
                MAX_BYTES,
                "maxImageBytes",
                MAX_BYTES / 2,
                "downloadNetworks",
                List.of(),
                "breaker",
                TestSettings.with(defaults.breaker(), "healthCheckPath", healthCheckPath));
    }

    static ImageRequest request(int count) {
        return new ImageRequest("key", "a fox", null, 96, 64, count, 7, "acme/painter");
    }

    static BackendCall call(JobListener listener) {
        return new BackendCall(LONG_TIMEOUT, JobReference.of(UUID.randomUUID()), listener);
    }

    BackendOutcome generate(ImageRequest request) {
        return get(backend.generate(request, new BackendCall(LONG_TIMEOUT)));
    }

    static JsonObject flag(String name) {
        return new JsonObject().put(name, true);
    }

    static List<Image> generated(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Generated.class);
        return ((BackendOutcome.Generated) backendOutcome).images();
    }

    static BackendFailure failed(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Failed.class);
        return ((BackendOutcome.Failed) backendOutcome).backendFailure();
    }

    static <T> T get(Future<T> future) {
        return get(future.toCompletionStage().toCompletableFuture());
    }

    static <T> T get(CompletableFuture<T> future) {
        try {
            return future.get(60, TimeUnit.SECONDS);
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new AssertionError(e);
        }
    }
}
