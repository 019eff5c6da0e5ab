package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.config.Settings;
import dev.darkroom.config.Settings.Model;
import dev.darkroom.config.Settings.Target;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.ModelCatalog;
import dev.darkroom.generation.worker.BackendCaller.CallResult;
import dev.darkroom.generation.worker.BackendCaller.Resolution;
import dev.darkroom.generation.worker.RetryDecision.Fail;
import dev.darkroom.generation.worker.RetryDecision.Retry;
import dev.darkroom.generation.worker.RetryPolicy.BackendConditions;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/**
 * The attempts of one generation at one AI server, with the decisions of the worker, but without the database and without the delays
 * between attempts. The methods block.
 *
 * @param settings of the backend, with its type
 * @param beforeAttempt runs before each attempt
 */
public record AttemptSequence(Vertx vertx, Settings.Backend settings, ImageRequest request, Runnable beforeAttempt) {
    private static final String ROUTE = "model";
    private static final Duration DEADLINE = Duration.ofMinutes(15);
    private static final Duration TIMEOUT = Duration.ofSeconds(60);

    /** Without jitter. */
    private static final RetryPolicy RETRY_POLICY = new RetryPolicy(TestSettings.DEFAULTS.retry(), () -> 0);

    /** Result of the look-up after the first attempt. */
    public enum LookUp {
        NONE,
        FOUND,
        NOT_FOUND
    }

    /**
     * Result of a generation.
     *
     * @param failure of the first attempt; null for a success
     * @param delay before the second attempt, without jitter; null when there is none
     * @param counted whether the first attempt counts towards the limit of attempts
     * @param end {@code COMPLETE}, or the code of the failed generation
     */
    public record Result(BackendFailure failure, Duration delay, boolean counted, LookUp lookUp, String end) {}

    private static final class Recorder implements JobListener {
        private volatile JobReference job;

        private Recorder(JobReference job) {
            this.job = job;
        }

        @Override
        public void onAccepted(String providerId) {
            job = new JobReference(job.key(), providerId);
        }

        @Override
        public void onProgress(JobProgress progress) {
            // Does not matter here.
        }
    }

    /**
     * Makes attempts until the generation ends.
     *
     * @param first backend of the first attempt
     * @param others backend of the other attempts
     * @param firstTimeout timeout of the first attempt
     */
    public Result run(ImageBackend first, ImageBackend others, Duration firstTimeout) {
        Recorder recorder = new Recorder(JobReference.of(UUID.randomUUID()));
        BackendFailure firstFailure = null;
        RetryDecision firstDecision = null;
        LookUp firstLookUp = LookUp.NONE;
        boolean lookUp = false;
        for (int number = 1; ; number++) {
            beforeAttempt.run();
            BackendExecutor executor = new BackendExecutor(
                    vertx,
                    number == 1 ? first : others,
                    1,
                    0,
                    settings.breaker(),
                    Duration.ofMinutes(1),
                    System::nanoTime);
            BackendCaller caller = new BackendCaller(new BackendRouter(
                    new ModelCatalog(
                            List.of(new Model(
                                    ROUTE, ROUTE, List.of(new Target(settings.name(), request.model(), null)))),
                            List.of(settings)),
                    List.of(executor)));
            Duration timeout = number == 1 ? firstTimeout : TIMEOUT;
            GenerationLease lease = createLease(number, recorder.job, lookUp, timeout);
            BackendCall backendCall = new BackendCall(timeout, recorder.job, recorder);
            CallResult result = call(caller, lease, backendCall);
            backendCall.release();
            if (lookUp && firstLookUp == LookUp.NONE) {
                firstLookUp = result.earlierJobGone() ? LookUp.NOT_FOUND : LookUp.FOUND;
            }
            BackendOutcome outcome = result.execution().backendOutcome();
            if (outcome instanceof BackendOutcome.Failed failed) {
                Resolution resolution = caller.resolve(
                        lease, failed.backendFailure(), recorder.job, lookUp && !result.earlierJobGone());
                RetryDecision decision = resolution == Resolution.GIVE_UP
                        ? RetryPolicy.giveUp(failed.backendFailure())
                        : RETRY_POLICY.decideAfterFailure(
                                failed.backendFailure(), lease.attemptCounts(), BackendConditions.NONE, DEADLINE);
                if (firstFailure == null) {
                    firstFailure = failed.backendFailure();
                    firstDecision = decision;
                }
                if (decision instanceof Fail fail) {
                    executor.close();
                    return result(
                            firstFailure,
                            firstDecision,
                            firstLookUp,
                            fail.error().code());
                }
                lookUp = resolution == Resolution.LOOK_UP;
            } else if (outcome instanceof BackendOutcome.Generated) {
                executor.close();
                return result(firstFailure, firstDecision, firstLookUp, "COMPLETE");
            } else {
                // The id of the looked up job is forgotten.
                lookUp = false;
            }
            executor.close();
            if (!lookUp) {
                recorder = new Recorder(JobReference.of(UUID.randomUUID()));
            }
        }
    }

    private static Result result(
            BackendFailure firstFailure, RetryDecision firstDecision, LookUp firstLookUp, String end) {
        Duration delay = firstDecision instanceof Retry retry ? retry.delay() : null;
        return new Result(firstFailure, delay, firstDecision != null && firstDecision.counted(), firstLookUp, end);
    }

    private GenerationLease createLease(int number, JobReference job, boolean lookUp, Duration timeout) {
        return new GenerationLease(
                UUID.randomUUID(),
                "user",
                ROUTE,
                UUID.randomUUID(),
                number,
                number,
                number - 1,
                0,
                settings.name(),
                lookUp ? BackendSelection.LOOK_UP : BackendSelection.ONLY,
                job,
                timeout,
                DEADLINE,
                request);
    }

    private static CallResult call(BackendCaller caller, GenerationLease lease, BackendCall backendCall) {
        try {
            return caller.call(lease, backendCall)
                    .toCompletionStage()
                    .toCompletableFuture()
                    .get(120, TimeUnit.SECONDS);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
