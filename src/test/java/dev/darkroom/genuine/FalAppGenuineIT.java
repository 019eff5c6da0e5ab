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
import dev.darkroom.backend.fal.FalBackend;
import dev.darkroom.backend.http.InputFields;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.TestSettings;
import dev.darkroom.image.Image;
import dev.darkroom.testing.FreePort;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** {@link FalBackend} with an app that {@code fal run --local} serves: the facts of {@code docs/backends/fal.md}. */
@Tag("genuine")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FalAppGenuineIT {
    private static final String TOOL = "fal";
    private static final Duration TIMEOUT = Duration.ofMinutes(2);
    private static final int MAX_BYTES = 8 << 20;

    private static Vertx vertx;
    private static PythonServerProcess server;
    private static FalBackend backend;

    @BeforeAll
    static void start() throws Exception {
        vertx = Vertx.vertx();
        int port = FreePort.find();
        String metricsPort = Integer.toString(FreePort.find());
        server = new PythonServerProcess(
                TOOL,
                List.of(
                        GenuineTools.installPython(TOOL).resolve("fal").toString(),
                        "run",
                        "--local",
                        "--exposed-port",
                        Integer.toString(port),
                        "--exposed-metrics-port",
                        metricsPort,
                        "painter.py::Painter"),
                Map.of("FAL_KEY", "key:secret"));
        server.start();
        BackendSettings defaults = TestSettings.DEFAULTS.backend();
        BackendSettings settings = TestSettings.with(
                defaults, "breaker", TestSettings.with(defaults.breaker(), "healthCheckPath", "/health"));
        backend = new FalBackend(
                vertx,
                settings,
                URI.create("http://127.0.0.1:" + port),
                new ResponseMemoryBudget(Runtime.getRuntime().maxMemory(), 4, MAX_BYTES),
                65_536,
                InputFields.parse("prompt, seed, width, height, num_outputs=num_images"),
                Duration.ofMillis(100));
        awaitReady();
    }

    private static void awaitReady() {
        await().atMost(Duration.ofMinutes(3)).until(() -> {
            assertThat(server.isAlive())
                    .as("fal run --local, see target/genuine/fal/server.txt")
                    .isTrue();
            return get(backend.checkHealth(Duration.ofSeconds(10))) == HealthCheckResult.PASSED;
        });
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
        get(vertx.close());
    }

    private static BackendOutcome generate(String prompt, int count, int width) {
        ImageRequest request =
                new ImageRequest("key", prompt, null, width, 48, count, 7, null, null, InputImages.NONE, 0);
        return get(backend.generate(request, new BackendCall(TIMEOUT)));
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

    @Test
    void returnsImages() {
        // when
        BackendOutcome outcome = generate("a fox", 2, 64);

        // then
        assertThat(outcome).isInstanceOf(BackendOutcome.Generated.class);
        List<Image> images = ((BackendOutcome.Generated) outcome).images();
        assertThat(images).hasSize(2).doesNotHaveDuplicates().allSatisfy(image -> {
            assertThat(image.width()).isEqualTo(64);
            assertThat(image.height()).isEqualTo(48);
        });
        assertThat(generate("a fox", 1, 64)).isEqualTo(new BackendOutcome.Generated(images.subList(0, 1)));
    }

    @Test
    void rejectsBadInput() {
        BackendFailure failure = failed(generate("too wide", 1, 2000));
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
        assertThat(failure.httpStatus()).isEqualTo(422);
        assertThat(failure.detail()).contains("less than or equal to 1024");
    }

    @Test
    void classifiesFailuresOfTheApp() {
        assertThat(failed(generate("refused", 1, 64)).failureClass()).isEqualTo(FailureClass.MODERATED);
        assertThat(failed(generate("flagged", 2, 64)).failureClass()).isEqualTo(FailureClass.MODERATED);
        assertThat(failed(generate("bug", 1, 64)).failureClass()).isEqualTo(FailureClass.SERVER_ERROR);
        BackendFailure gpu = failed(generate("GPU", 1, 64));
        assertThat(gpu.failureClass()).isEqualTo(FailureClass.REJECTED_RETRYABLE);
        assertThat(gpu.httpStatus()).isEqualTo(503);
    }

    @Test
    void killInTheMiddleLeavesTheOutcomeOpen() throws Exception {
        // given
        BackendCall backendCall = new BackendCall(TIMEOUT);
        Future<BackendOutcome> outcome = backend.generate(
                new ImageRequest("key", "sleep", null, 64, 48, 1, 7, null, null, InputImages.NONE, 0), backendCall);
        assertThat(get(backend.checkHealth(Duration.ofSeconds(30)))).isNotNull();

        // when
        server.kill();

        // then
        assertThat(failed(get(outcome)).failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
        assertThat(failed(generate("while down", 1, 64)).failureClass()).isEqualTo(FailureClass.NOT_SENT);

        // when
        server.start();
        awaitReady();

        // then
        assertThat(generate("restarted", 1, 64)).isInstanceOf(BackendOutcome.Generated.class);
    }
}
