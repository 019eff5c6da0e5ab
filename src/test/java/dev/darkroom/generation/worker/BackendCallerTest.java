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
import dev.darkroom.config.BackendSettings.AmbiguityPolicy;
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
import org.junit.jupiter.params.provider.EnumSource;

class BackendCallerTest {
    private static final GenerationLease LEASE = new GenerationLease(
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
            JobReference.of(UUID.randomUUID()),
            Duration.ofMinutes(1),
            Duration.ofMinutes(15),
            new ImageRequest("key", "a fox", null, 64, 64, 1, 7, null, null, InputImages.NONE, 0),
            null,
            null);

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
        BackendFailure failure = BackendFailure.of(FailureClass.AMBIGUOUS, "SERVER_ERROR", "The AI server failed.")
                .withHttpStatus(status);

        // then
        assertThat(caller(List.of("a", "b").subList(0, servers), AmbiguityPolicy.AUTO)
                        .resolve(LEASE, failure, LEASE.job(), false, true))
                .isEqualTo(expected);
    }

    /** The class alone does not tell it, for example after an abort or an internal failure. */
    @ParameterizedTest
    @EnumSource(names = {"AMBIGUOUS", "INTERNAL"})
    void attemptThatSentNothingIsSubmittedAgain(FailureClass failureClass) {
        // given
        BackendFailure failure = BackendFailure.of(failureClass, "X", "m");
        BackendCaller caller = caller(List.of("a"), AmbiguityPolicy.FAIL);

        // then
        assertThat(caller.resolve(LEASE, failure, LEASE.job(), false, false)).isEqualTo(Resolution.SUBMIT_AGAIN);
        assertThat(caller.resolve(LEASE, failure, LEASE.job(), false, true)).isEqualTo(Resolution.LOOK_UP);
        assertThat(caller.resolve(LEASE, failure, LEASE.job(), true, false)).isEqualTo(Resolution.LOOK_UP);
    }

    private BackendCaller caller(List<String> servers, AmbiguityPolicy policy) {
        List<BackendSettings> settings = servers.stream()
                .map(name -> TestSettings.with(
                        TestSettings.DEFAULTS.backend(),
                        "name",
                        name,
                        "type",
                        BackendType.COMFYUI,
                        "onAmbiguous",
                        policy))
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
        return new BackendCaller(router, submission -> Future.succeededFuture(SubmissionPermit.GRANTED));
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
