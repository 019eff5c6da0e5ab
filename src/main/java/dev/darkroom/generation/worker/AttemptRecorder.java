package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.JobReference;
import dev.darkroom.generation.AttemptBilling;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.store.GenerationOutcomeStore;
import dev.darkroom.generation.watch.GenerationEventPublisher;
import dev.darkroom.generation.worker.RetryDecision.Fail;
import dev.darkroom.generation.worker.RetryDecision.Retry;
import dev.darkroom.queue.OutcomeRecorder;
import dev.darkroom.telemetry.SpanType;
import dev.darkroom.telemetry.TraceSpan;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records the outcomes of attempts, with their submissions and costs, logs them and publishes events. The futures never fail; they complete
 * with the delay after which the generation is due again, null when it is not. Stateless.
 */
record AttemptRecorder(
        GenerationOutcomeStore outcomes,
        OutcomeRecorder<GenerationLease, AttemptOutcome> outcomeRecorder,
        SubmissionPricing pricing,
        GenerationEventPublisher eventPublisher,
        AttemptMetrics metrics) {
    private static final Logger LOG = LoggerFactory.getLogger(AttemptRecorder.class);

    /** @param onLost called when the lease is lost */
    Future<Duration> complete(RunningAttempt attempt, List<StoredImage> images, Runnable onLost) {
        GenerationLease generationLease = attempt.generationLease();
        TraceSpan commit = attempt.span().startChild(SpanType.OUTCOME_COMMIT);
        return outcomeRecorder
                .record(
                        generationLease,
                        AttemptOutcome.SUCCEEDED,
                        attempt.leaseLost(),
                        onLost,
                        () -> outcomes.complete(generationLease, images, bill(attempt, null)))
                .onComplete(commit::endWith)
                .map(finished -> {
                    finished.ifPresent(finishRecord -> {
                        LOG.atInfo()
                                .addKeyValue("generation", generationLease.generationId())
                                .addKeyValue("attempt", generationLease.number())
                                .addKeyValue("attemptMs", attempt.elapsed().toMillis())
                                .addKeyValue("images", images.size())
                                .log("attempt succeeded");
                        metrics.recordEnd(attempt, AttemptOutcome.SUCCEEDED, null);
                        eventPublisher.publishFinished(finishRecord);
                    });
                    AttemptSpans.complete(attempt.span(), finished.isPresent());
                    return null;
                });
    }

    /** Fails the generation. */
    Future<Duration> fail(RunningAttempt attempt, AttemptOutcome outcome, BackendFailure backendFailure, Fail fail) {
        GenerationLease generationLease = attempt.generationLease();
        TraceSpan commit = attempt.span().startChild(SpanType.OUTCOME_COMMIT);
        return outcomeRecorder
                .record(
                        generationLease,
                        outcome,
                        attempt.leaseLost(),
                        () -> outcomes.fail(
                                generationLease,
                                outcome,
                                fail.counted(),
                                backendFailure,
                                fail.error(),
                                bill(attempt, backendFailure)))
                .onComplete(commit::endWith)
                .map(finished -> {
                    AttemptFailureLogger.logFailure(
                            LOG, generationLease, attempt.jobRecorder().job(), backendFailure, fail, null);
                    AttemptSpans.fail(attempt.span(), outcome, backendFailure);
                    finished.ifPresent(finishRecord -> {
                        metrics.recordEnd(attempt, outcome, backendFailure.failureClass());
                        eventPublisher.publishFinished(finishRecord);
                    });
                    return null;
                });
    }

    /**
     * Requeues the generation after a failure.
     *
     * @param unresolvedJob job that the next attempt has to look up; null when there is none
     */
    Future<Duration> retry(
            RunningAttempt attempt,
            AttemptOutcome outcome,
            BackendFailure backendFailure,
            Retry retry,
            JobReference unresolvedJob) {
        GenerationLease generationLease = attempt.generationLease();
        return requeue(attempt, outcome, backendFailure, retry, unresolvedJob).map(requeued -> {
            AttemptFailureLogger.logFailure(
                    LOG,
                    generationLease,
                    attempt.jobRecorder().job(),
                    backendFailure,
                    retry,
                    requeued.map(GenerationOutcomeStore.Requeued::retryAt).orElse(null));
            AttemptSpans.fail(attempt.span(), outcome, backendFailure);
            eventPublisher.publishProgress(generationLease.generationId());
            return retry.delay();
        });
    }

    /** Requeues the generation immediately, for another process. The attempt does not count, because the generation is not at fault. */
    Future<Duration> requeueInterrupted(
            RunningAttempt attempt, BackendFailure interruption, JobReference unresolvedJob) {
        return requeue(
                        attempt,
                        AttemptOutcome.INTERRUPTED,
                        interruption,
                        new Retry(Duration.ZERO, false),
                        unresolvedJob)
                .map(requeued -> {
                    AttemptSpans.fail(attempt.span(), AttemptOutcome.INTERRUPTED, interruption);
                    eventPublisher.publishProgress(attempt.generationLease().generationId());
                    return null;
                });
    }

    private Future<Optional<GenerationOutcomeStore.Requeued>> requeue(
            RunningAttempt attempt,
            AttemptOutcome outcome,
            BackendFailure backendFailure,
            Retry retry,
            JobReference unresolvedJob) {
        TraceSpan commit = attempt.span().startChild(SpanType.OUTCOME_COMMIT);
        return outcomeRecorder
                .record(
                        attempt.generationLease(),
                        outcome,
                        attempt.leaseLost(),
                        () -> outcomes.retry(
                                attempt.generationLease(),
                                outcome,
                                retry.counted(),
                                backendFailure,
                                retry.delay(),
                                unresolvedJob,
                                bill(attempt, backendFailure)))
                .onComplete(commit::endWith)
                .onSuccess(requeued ->
                        requeued.ifPresent(done -> metrics.recordEnd(attempt, outcome, backendFailure.failureClass())));
    }

    /**
     * Releases a lease without an attempt.
     *
     * @param statement releases it and returns whether it was still held
     */
    Future<Void> release(GenerationLease generationLease, Supplier<Future<Boolean>> statement) {
        return outcomeRecorder
                .record(
                        generationLease,
                        null,
                        () -> false,
                        () -> statement.get().map(held -> held ? Optional.of(true) : Optional.empty()))
                .mapEmpty();
    }

    private AttemptBilling bill(RunningAttempt attempt, BackendFailure backendFailure) {
        return pricing.bill(
                attempt.generationLease(),
                attempt.submitted(),
                attempt.jobRecorder().usage(),
                backendFailure == null ? null : backendFailure.failureClass());
    }
}
