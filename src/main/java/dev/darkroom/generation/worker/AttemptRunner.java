package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.JobReference;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.FaultInjectionPoint;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.store.BudgetStore;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.generation.store.GenerationOutcomeStore;
import dev.darkroom.generation.watch.GenerationEventPublisher;
import dev.darkroom.generation.worker.BackendCaller.CallResult;
import dev.darkroom.generation.worker.BackendCaller.Resolution;
import dev.darkroom.generation.worker.RetryDecision.Fail;
import dev.darkroom.generation.worker.RetryDecision.Retry;
import dev.darkroom.generation.worker.RetryPolicy.BackendConditions;
import dev.darkroom.image.Image;
import dev.darkroom.queue.OutcomeRecorder;
import dev.darkroom.telemetry.SpanAttribute;
import dev.darkroom.telemetry.SpanType;
import dev.darkroom.telemetry.TraceSpan;
import dev.darkroom.usage.BudgetLimits;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one attempt of a lease: calls the AI server, stores the images and records the outcome. No transaction is open during the call.
 * Stateless.
 */
final class AttemptRunner {
    private static final Logger LOG = LoggerFactory.getLogger(AttemptRunner.class);

    private static final BackendFailure INTERRUPTED = BackendFailure.of(
            FailureClass.AMBIGUOUS, "INTERRUPTED", "The attempt was aborted because its process stopped.");
    private static final BackendFailure IMAGES_NOT_STORED = BackendFailure.of(
            FailureClass.RESULT_STORE,
            "IMAGES_NOT_STORED",
            "The images were generated but could not be stored before the deadline.");

    private final BackendRouter router;
    private final BackendCaller caller;
    private final GeneratedImageWriter imageWriter;
    private final GenerationLeaseStore leases;
    private final RetryPolicy retryPolicy;
    private final AttemptRecorder recorder;
    private final LongSupplier nanoClock;

    AttemptRunner(
            BackendRouter router,
            GeneratedImageWriter imageWriter,
            GenerationLeaseStore leases,
            GenerationOutcomeStore outcomes,
            BudgetStore budgets,
            BudgetLimits budgetLimits,
            OutcomeRecorder<GenerationLease, AttemptOutcome> outcomeRecorder,
            RetryPolicy retryPolicy,
            GenerationEventPublisher eventPublisher,
            AttemptMetrics metrics,
            LongSupplier nanoClock) {
        this.router = router;
        SubmissionPricing pricing = new SubmissionPricing(router);
        this.caller =
                new BackendCaller(router, new SubmissionGate(pricing, budgetLimits, leases, budgets, router)::request);
        this.imageWriter = imageWriter;
        this.leases = leases;
        this.retryPolicy = retryPolicy;
        this.recorder = new AttemptRecorder(outcomes, outcomeRecorder, pricing, eventPublisher, metrics);
        this.nanoClock = nanoClock;
    }

    /**
     * Runs the attempt.
     *
     * @param leaseLost returns whether the lease was lost, so that nothing is recorded
     * @return completes when the outcome is recorded, never fails; with the delay after which the generation is due again, null when it
     *     is not
     */
    Future<Duration> run(
            GenerationLease generationLease,
            BackendCall backendCall,
            JobRecorder jobRecorder,
            BooleanSupplier leaseLost) {
        RunningAttempt started = new RunningAttempt(
                generationLease,
                backendCall,
                jobRecorder,
                backendCall.span(),
                leaseLost,
                nanoClock,
                nanoClock.getAsLong(),
                false);
        LOG.atInfo()
                .addKeyValue("generation", generationLease.generationId())
                .addKeyValue("attempt", generationLease.number())
                .addKeyValue("backend", generationLease.backend())
                .addKeyValue("selection", generationLease.selection())
                .addKeyValue("budgetMs", generationLease.attemptBudget().toMillis())
                .log("attempt started");
        return FaultInjectionPoint.BEFORE_CALL
                .pauseIfSelected(generationLease)
                .compose(lease -> caller.call(lease, backendCall))
                .compose(result -> recordOrMove(started, result));
    }

    private Future<Duration> recordOrMove(RunningAttempt attempt, CallResult result) {
        return result.permit() instanceof SubmissionPermit.Moved moved
                ? submitAtOther(attempt, moved.generationLease(), result.earlierJobGone())
                : record(attempt, result);
    }

    private Future<Duration> submitAtOther(RunningAttempt attempt, GenerationLease moved, boolean earlierJobGone) {
        LOG.atInfo()
                .addKeyValue("generation", moved.generationId())
                .addKeyValue("attempt", moved.number())
                .addKeyValue("backend", moved.backend())
                .log("attempt moved to another AI server");
        attempt.jobRecorder().moveTo(moved);
        AttemptSpans.recordBackend(attempt.span(), moved);
        return caller.submit(moved, attempt.backendCall(), earlierJobGone)
                .compose(result -> recordOrMove(attempt.withLease(moved), result));
    }

    private Future<Duration> record(RunningAttempt started, CallResult result) {
        return FaultInjectionPoint.AFTER_RESPONSE.pauseIfSelected(result).compose(received -> {
            RunningAttempt attempt = started.withSubmitted(result.submitted());
            BackendOutcome backendOutcome = result.execution().backendOutcome();
            if (backendOutcome instanceof BackendOutcome.Generated generated) {
                return storeImages(attempt, generated.images());
            }
            if (backendOutcome instanceof BackendOutcome.Failed failed) {
                return recordFailure(attempt, failed.backendFailure(), result);
            }
            return backendOutcome instanceof BackendOutcome.Aborted
                    ? recordInterruption(attempt)
                    : release(attempt.generationLease(), result.earlierJobGone(), result.permit());
        });
    }

    private Future<Duration> recordFailure(RunningAttempt attempt, BackendFailure backendFailure, CallResult result) {
        GenerationLease generationLease = attempt.generationLease();
        if (result.permit() instanceof SubmissionPermit.Refused) {
            return recorder.fail(
                    attempt, AttemptOutcome.PERMANENT, backendFailure, RetryPolicy.budgetExceeded(backendFailure));
        }
        Resolution resolution = caller.resolve(
                generationLease,
                backendFailure,
                attempt.jobRecorder().job(),
                generationLease.isLookUp() && !result.earlierJobGone(),
                attempt.submitted());
        boolean submitsAgain = resolution == Resolution.SUBMIT_AGAIN;
        String route = generationLease.route();
        String backend = generationLease.backend();
        RetryDecision decision = resolution == Resolution.GIVE_UP
                ? RetryPolicy.giveUp(backendFailure)
                : retryPolicy.decideAfterFailure(
                        backendFailure,
                        generationLease.attemptCounts(),
                        new BackendConditions(
                                result.execution().probe(),
                                result.execution().retryBudgetExhausted(),
                                submitsAgain && router.hasAlternative(route, backend),
                                submitsAgain && router.hasFreeAlternative(route, backend)),
                        attempt.timeLeft());
        AttemptOutcome outcome = decision instanceof Retry && !backendFailure.timedOut()
                ? AttemptOutcome.RETRYABLE
                : toOutcome(backendFailure);
        return decision instanceof Fail fail
                ? recorder.fail(attempt, outcome, backendFailure, fail)
                : recorder.retry(
                        attempt, outcome, backendFailure, (Retry) decision, unresolvedJob(attempt, resolution));
    }

    private static JobReference unresolvedJob(RunningAttempt attempt, Resolution resolution) {
        return resolution == Resolution.LOOK_UP ? attempt.jobRecorder().job() : null;
    }

    private Future<Duration> storeImages(RunningAttempt attempt, List<Image> generated) {
        TraceSpan span = attempt.span().startChild(SpanType.IMAGE_STORE).set(SpanAttribute.IMAGES, generated.size());
        return imageWriter
                .write(generated, attempt.generationLease(), attempt.backendCall(), attempt.timeLeft())
                .onComplete(done -> attempt.backendCall().release())
                .onSuccess(result -> endSpan(span, result))
                .compose(result -> {
                    if (result instanceof GeneratedImageWriter.Result.Stored stored) {
                        return recorder.complete(
                                attempt,
                                stored.images(),
                                () -> imageWriter.discard(attempt.generationLease(), stored.images()));
                    }
                    return result instanceof GeneratedImageWriter.Result.DeadlineExceeded exceeded
                            ? failUnstored(attempt, exceeded.reason())
                            : recordInterruption(attempt);
                });
    }

    private static void endSpan(TraceSpan span, GeneratedImageWriter.Result result) {
        if (result instanceof GeneratedImageWriter.Result.Stored) {
            span.end();
        } else {
            span.fail(result.getClass().getSimpleName());
        }
    }

    /** Ends a generation after the store failed until its deadline. The attempt does not count against the generation. */
    private Future<Duration> failUnstored(RunningAttempt attempt, String reason) {
        BackendFailure backendFailure = IMAGES_NOT_STORED.withDetail(reason);
        GenerationError error = RetryPolicy.deadlineExceeded(backendFailure.failureClass(), backendFailure.message());
        return recorder.fail(attempt, toOutcome(backendFailure), backendFailure, new Fail(error, false));
    }

    private static AttemptOutcome toOutcome(BackendFailure backendFailure) {
        if (backendFailure.timedOut()) {
            return AttemptOutcome.TIMEOUT;
        }
        return backendFailure.failureClass().retryable() ? AttemptOutcome.RETRYABLE : AttemptOutcome.PERMANENT;
    }

    /** Requeues the generation immediately. The attempt does not count, because the generation is not at fault. */
    private Future<Duration> recordInterruption(RunningAttempt attempt) {
        GenerationLease generationLease = attempt.generationLease();
        LOG.atInfo()
                .addKeyValue("generation", generationLease.generationId())
                .addKeyValue("attempt", generationLease.number())
                .log("attempt interrupted");
        if (attempt.leaseLost().getAsBoolean()) {
            AttemptSpans.complete(attempt.span(), false);
            return Future.succeededFuture();
        }
        Resolution resolution = caller.resolve(
                generationLease,
                INTERRUPTED,
                attempt.jobRecorder().job(),
                generationLease.isLookUp(),
                attempt.submitted());
        RetryDecision decision = resolution == Resolution.GIVE_UP
                ? RetryPolicy.giveUp(INTERRUPTED)
                : retryPolicy.decideAfterInterruption(INTERRUPTED, generationLease.attemptCounts());
        return decision instanceof Fail fail
                ? recorder.fail(attempt, AttemptOutcome.INTERRUPTED, INTERRUPTED, fail)
                : recorder.requeueInterrupted(attempt, INTERRUPTED, unresolvedJob(attempt, resolution));
    }

    /** Releases a lease without an attempt. Completes like {@link #run}. */
    Future<Duration> release(GenerationLease generationLease) {
        return release(generationLease, false, null);
    }

    /**
     * @param jobGone whether the AI server does not have the earlier submission, which the next attempt then ignores
     * @param permit to submit; null when none was requested
     */
    private Future<Duration> release(GenerationLease generationLease, boolean jobGone, SubmissionPermit permit) {
        Duration delay = permit instanceof SubmissionPermit.Withheld withheld ? withheld.delay() : Duration.ZERO;
        LOG.atInfo()
                .addKeyValue("generation", generationLease.generationId())
                .addKeyValue("attempt", generationLease.number())
                .log("attempt not started, lease released");
        return recorder.release(generationLease, () -> leases.release(generationLease, jobGone, delay))
                .map(released -> delay.isZero() ? null : delay);
    }
}
