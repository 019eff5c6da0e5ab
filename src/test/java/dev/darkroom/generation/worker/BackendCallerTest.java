package dev.darkroom.generation.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.BackendType;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.TestModels;
import dev.darkroom.generation.worker.BackendCaller.Resolution;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BackendCallerTest {
    private final Vertx vertx = Vertx.vertx();

    @AfterEach
    void stop() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get();
    }

    /** With a 502 or 503, the look-up of the same attempt was rejected too: the AI server may be down. */
    @ParameterizedTest
    @CsvSource({
        "502, 1, LOOK_UP",
        "503, 1, LOOK_UP",
        "504, 1, LOOK_UP",
        "502, 2, SUBMIT_AGAIN",
        "503, 2, SUBMIT_AGAIN",
        "504, 2, LOOK_UP"
    })
    void unknownOutcomeBehindAProxyFailsOverToAnotherServer(int status, int servers, Resolution expected) {
        // given
        List<BackendSettings> settings = List.of("a", "b").subList(0, servers).stream()
                .map(name ->
                        TestSettings.with(TestSettings.DEFAULTS.backend(), "name", name, "type", BackendType.COMFYUI))
                .toList();
        ModelSettings model = new ModelSettings(
                "model",
                "model",
                settings.stream()
                        .map(backend -> new Target(backend.name(), null, null))
                        .toList());
        BackendRouter router = new BackendRouter(
                TestModels.catalog(List.of(model), settings),
                settings.stream().map(this::executor).toList());
        BackendFailure failure = BackendFailure.of(FailureClass.AMBIGUOUS, "SERVER_ERROR", "The AI server failed.")
                .withHttpStatus(status);
        JobReference job = JobReference.of(UUID.randomUUID());
        GenerationLease lease = new GenerationLease(
                UUID.randomUUID(),
                "user",
                "model",
                UUID.randomUUID(),
                1,
                1,
                0,
                0,
                "a",
                BackendSelection.ONLY,
                job,
                Duration.ofMinutes(1),
                Duration.ofMinutes(15),
                new ImageRequest("key", "a fox", null, 64, 64, 1, 7, null, null, InputImages.NONE, 0));

        // then
        assertThat(new BackendCaller(router, submission -> Future.succeededFuture(SubmissionPermit.GRANTED))
                        .resolve(lease, failure, job, false))
                .isEqualTo(expected);
    }

    private BackendExecutor executor(BackendSettings settings) {
        return new BackendExecutor(
                vertx,
                new BackendWithLookUp(settings.name()),
                1,
                0,
                settings.breaker(),
                Duration.ofMinutes(1),
                System::nanoTime);
    }

    private record BackendWithLookUp(String name) implements ImageBackend {
        @Override
        public Future<BackendOutcome> generate(ImageRequest request, BackendCall backendCall) {
            return Future.succeededFuture(new BackendOutcome.Aborted());
        }

        @Override
        public boolean canLookUp(JobReference job) {
            return true;
        }

        @Override
        public Future<Void> close() {
            return Future.succeededFuture();
        }
    }
}
