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
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.ModelSettings.Target;
import dev.darkroom.config.TestSettings;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.TestModels;
import dev.darkroom.generation.worker.BackendCaller.CallResult;
import dev.darkroom.generation.worker.BackendCaller.Resolution;
import dev.darkroom.generation.worker.RetryDecision.Fail;
import dev.darkroom.generation.worker.RetryDecision.Retry;
import dev.darkroom.generation.worker.RetryPolicy.BackendConditions;
import io.vertx.core.Future;
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
public record AttemptSequence(Vertx vertx, BackendSettings settings, ImageRequest request, Runnable beforeAttempt) {
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
        Attempt firstAttempt = attempt(1, first, firstTimeout, new Recorder(JobReference.of(UUID.randomUUID())), false);
        Attempt last = firstAttempt;
        LookUp lookUp = LookUp.NONE;
        for (int number = 2; last.end() == null; number++) {
            boolean looksUp = last.resolution() == Resolution.LOOK_UP;
            Recorder recorder = looksUp ? last.recorder() : new Recorder(JobReference.of(UUID.randomUUID()));
            last = attempt(number, others, TIMEOUT, recorder, looksUp);
            if (looksUp && lookUp == LookUp.NONE) {
                lookUp = last.earlierJobGone() ? LookUp.NOT_FOUND : LookUp.FOUND;
            }
        }
        RetryDecision decision = firstAttempt.decision();
        return new Result(
                firstAttempt.failure(),
                decision instanceof Retry retry ? retry.delay() : null,
                decision != null && decision.counted(),
                lookUp,
                last.end());
    }

    /**
     * An ended attempt.
     *
     * @param recorder has the job
     * @param failure null for a success, and for an attempt that was not started
     * @param resolution what the next attempt does; null without a failure
     * @param end as in {@link Result}; null when another attempt follows
     */
    private record Attempt(
            Recorder recorder,
            BackendFailure failure,
            Resolution resolution,
            RetryDecision decision,
            boolean earlierJobGone,
            String end) {}

    private Attempt attempt(int number, ImageBackend backend, Duration timeout, Recorder recorder, boolean lookUp) {
        beforeAttempt.run();
        BackendExecutor executor =
                new BackendExecutor(vertx, backend, 1, 0, settings.breaker(), Duration.ofMinutes(1), System::nanoTime);
        BackendCaller caller =
                new BackendCaller(createRouter(executor), lease -> Future.succeededFuture(SubmissionPermit.GRANTED));
        GenerationLease lease = createLease(number, recorder.job, lookUp, timeout);
        BackendCall backendCall = new BackendCall(timeout, recorder.job, recorder);
        CallResult result = call(caller, lease, backendCall);
        backendCall.release();
        boolean gone = result.earlierJobGone();
        BackendOutcome outcome = result.execution().backendOutcome();
        if (!(outcome instanceof BackendOutcome.Failed failed)) {
            executor.close();
            // Otherwise the attempt was not started, because the id of the looked up job has to be forgotten.
            boolean complete = outcome instanceof BackendOutcome.Generated;
            return new Attempt(recorder, null, null, null, gone, complete ? "COMPLETE" : null);
        }
        BackendFailure failure = failed.backendFailure();
        Resolution resolution = caller.resolve(lease, failure, recorder.job, lookUp && !gone, result.submitted());
        executor.close();
        RetryDecision decision = resolution == Resolution.GIVE_UP
                ? RetryPolicy.giveUp(failure)
                : RETRY_POLICY.decideAfterFailure(failure, lease.attemptCounts(), BackendConditions.NONE, DEADLINE);
        String end = decision instanceof Fail fail ? fail.error().code() : null;
        return new Attempt(recorder, failure, resolution, decision, gone, end);
    }

    private BackendRouter createRouter(BackendExecutor executor) {
        ModelSettings model =
                new ModelSettings(ROUTE, ROUTE, List.of(new Target(settings.name(), request.model(), null)));
        return new BackendRouter(TestModels.catalog(List.of(model), List.of(settings)), List.of(executor));
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
                request,
                null,
                null);
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
