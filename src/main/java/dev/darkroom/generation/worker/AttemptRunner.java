package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendExecutor;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.FaultInjectionPoint;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.RetryDecision;
import dev.darkroom.generation.RetryDecision.Fail;
import dev.darkroom.generation.RetryDecision.FailureReason;
import dev.darkroom.generation.RetryDecision.Retry;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.generation.watch.GenerationEventPublisher;
import dev.darkroom.image.Image;
import dev.darkroom.queue.OutcomeRecorder;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one attempt with a lease: asks the AI server, keeps the pictures, writes what came of it. No transaction is open
 * while it waits for the AI server. Has no state of its own.
 */
final class AttemptRunner {
    private static final Logger LOG = LoggerFactory.getLogger(AttemptRunner.class);

    private static final BackendFailure INTERRUPTED = BackendFailure.of(
            FailureClass.AMBIGUOUS, "INTERRUPTED", "The attempt was broken off because its process stopped.");
    private static final BackendFailure IMAGES_NOT_STORED = BackendFailure.of(
            FailureClass.INTERNAL, "NOT_KEPT", "The images were made, and could not be stored before the deadline.");

    private final BackendExecutor executor;
    private final GeneratedImageWriter images;
    private final GenerationLeaseStore leases;
    private final OutcomeRecorder<GenerationLease, AttemptOutcome> outcomeRecorder;
    private final RetryPolicy retryPolicy;
    private final GenerationEventPublisher eventPublisher;
    private final LongSupplier nanoClock;

    AttemptRunner(
            BackendExecutor backendExecutor,
            GeneratedImageWriter images,
            GenerationLeaseStore leases,
            OutcomeRecorder<GenerationLease, AttemptOutcome> outcomeRecorder,
            RetryPolicy policy,
            GenerationEventPublisher announcer,
            LongSupplier nanoClock) {
        this.executor = backendExecutor;
        this.images = images;
        this.leases = leases;
        this.outcomeRecorder = outcomeRecorder;
        this.retryPolicy = policy;
        this.eventPublisher = announcer;
        this.nanoClock = nanoClock;
    }

    /**
     * An attempt under way.
     *
     * @param leaseLost whether the lease was found to be another's, so that there is nothing to write
     * @param startedAt by the clock of this runner
     */
    private record RunningAttempt(
            GenerationLease generationLease, BackendCall backendCall, BooleanSupplier leaseLost, long startedAt) {}

    /**
     * Makes the attempt.
     *
     * @param lost whether the lease was found to be another's, so that there is nothing to write
     * @return completes, never fails, when everything is written; with how long to wait before looking for this generation
     *     again, or null when there is nothing to wait for
     */
    Future<Duration> run(GenerationLease generationLease, BackendCall backendCall, BooleanSupplier lost) {
        RunningAttempt attempt = new RunningAttempt(generationLease, backendCall, lost, nanoClock.getAsLong());
        LOG.atInfo()
                .addKeyValue("generation", generationLease.generationId())
                .addKeyValue("attempt", generationLease.number())
                .addKeyValue("budgetMs", generationLease.attemptBudget().toMillis())
                .log("attempt started");
        return FaultInjectionPoint.BEFORE_CALL
                .pauseIfSelected(generationLease.imageRequest())
                .compose(work -> executor.execute(work, backendCall))
                .compose(FaultInjectionPoint.AFTER_RESPONSE::pauseIfSelected)
                .compose(execution -> {
                    BackendOutcome backendOutcome = execution.backendOutcome();
                    if (backendOutcome instanceof BackendOutcome.Generated generated) {
                        return storeImages(attempt, generated.images());
                    }
                    if (backendOutcome instanceof BackendOutcome.Failed failed) {
                        return recordFailure(
                                attempt,
                                failed.backendFailure(),
                                retryPolicy.decideAfterFailure(
                                        failed.backendFailure(),
                                        generationLease.attemptCounts(),
                                        execution.probe(),
                                        execution.retryBudgetExhausted(),
                                        timeLeft(attempt)));
                    }
                    return backendOutcome instanceof BackendOutcome.Aborted
                            ? recordInterruption(attempt)
                            : release(generationLease);
                });
    }

    private Future<Duration> storeImages(RunningAttempt attempt, List<Image> pictures) {
        return images.write(pictures, attempt.generationLease(), attempt.backendCall(), timeLeft(attempt))
                .onComplete(done -> attempt.backendCall().release())
                .compose(written -> {
                    if (written instanceof GeneratedImageWriter.Result.Stored stored) {
                        return complete(attempt, stored.images());
                    }
                    return written instanceof GeneratedImageWriter.Result.DeadlineExceeded late
                            ? failUnstored(attempt, late.reason())
                            : recordInterruption(attempt);
                });
    }

    /** The store failed for as long as the generation had time. The generation ends, and no attempt is charged to it. */
    private Future<Duration> failUnstored(RunningAttempt attempt, String reason) {
        BackendFailure backendFailure = IMAGES_NOT_STORED.withDetail(reason);
        FailureReason end = RetryPolicy.deadlineExceeded(backendFailure.failureClass(), backendFailure.message());
        return recordFailure(attempt, backendFailure, new Fail(end, false));
    }

    private Future<Duration> complete(RunningAttempt attempt, List<StoredImage> kept) {
        GenerationLease generationLease = attempt.generationLease();
        return outcomeRecorder
                .record(
                        generationLease,
                        AttemptOutcome.SUCCEEDED,
                        attempt.leaseLost(),
                        () -> images.discard(kept),
                        () -> leases.complete(generationLease, kept))
                .map(ended -> {
                    ended.ifPresent(end -> {
                        LOG.atInfo()
                                .addKeyValue("generation", generationLease.generationId())
                                .addKeyValue("attempt", generationLease.number())
                                .addKeyValue("attemptMs", elapsed(attempt).toMillis())
                                .addKeyValue("images", kept.size())
                                .log("attempt succeeded");
                        eventPublisher.publishFinished(end);
                    });
                    return null;
                });
    }

    private Future<Duration> recordFailure(
            RunningAttempt attempt, BackendFailure backendFailure, RetryDecision decision) {
        return recordFailure(attempt, toOutcome(backendFailure), backendFailure, decision);
    }

    private Future<Duration> recordFailure(
            RunningAttempt attempt, AttemptOutcome outcome, BackendFailure backendFailure, RetryDecision decision) {
        GenerationLease generationLease = attempt.generationLease();
        if (decision instanceof Retry retry) {
            return outcomeRecorder
                    .record(
                            generationLease,
                            outcome,
                            attempt.leaseLost(),
                            () -> leases.retry(
                                    generationLease, outcome, retry.counted(), backendFailure, retry.delay()))
                    .map(requeued -> {
                        OffsetDateTime retryAt = requeued.map(GenerationLeaseStore.Requeued::retryAt)
                                .orElse(null);
                        AttemptFailureLogger.logFailure(LOG, generationLease, backendFailure, decision, retryAt);
                        eventPublisher.publishProgress(generationLease.generationId());
                        return retry.delay();
                    });
        }
        Fail fail = (Fail) decision;
        return outcomeRecorder
                .record(
                        generationLease,
                        outcome,
                        attempt.leaseLost(),
                        () -> leases.fail(
                                generationLease, outcome, fail.counted(), backendFailure, fail.failureReason()))
                .map(ended -> {
                    AttemptFailureLogger.logFailure(LOG, generationLease, backendFailure, decision, null);
                    ended.ifPresent(eventPublisher::publishFinished);
                    return null;
                });
    }

    private static AttemptOutcome toOutcome(BackendFailure backendFailure) {
        if (backendFailure.timedOut()) {
            return AttemptOutcome.TIMEOUT;
        }
        return backendFailure.failureClass().retryable() ? AttemptOutcome.RETRYABLE : AttemptOutcome.PERMANENT;
    }

    /** Goes back at once and uncounted: it is not the generation's fault. */
    private Future<Duration> recordInterruption(RunningAttempt attempt) {
        GenerationLease generationLease = attempt.generationLease();
        LOG.atInfo()
                .addKeyValue("generation", generationLease.generationId())
                .addKeyValue("attempt", generationLease.number())
                .log("attempt interrupted");
        if (attempt.leaseLost().getAsBoolean()) {
            return Future.succeededFuture();
        }
        RetryDecision decision = retryPolicy.decideAfterInterruption(INTERRUPTED, generationLease.attemptCounts());
        if (decision instanceof Fail) {
            return recordFailure(attempt, AttemptOutcome.INTERRUPTED, INTERRUPTED, decision);
        }
        return outcomeRecorder
                .record(
                        generationLease,
                        AttemptOutcome.INTERRUPTED,
                        attempt.leaseLost(),
                        () -> leases.retry(
                                generationLease, AttemptOutcome.INTERRUPTED, false, INTERRUPTED, Duration.ZERO))
                .map(requeued -> {
                    eventPublisher.publishProgress(generationLease.generationId());
                    return null;
                });
    }

    /** Ends a lease with which nothing was done. Completes like {@link #run}. */
    Future<Duration> release(GenerationLease generationLease) {
        LOG.atInfo()
                .addKeyValue("generation", generationLease.generationId())
                .addKeyValue("attempt", generationLease.number())
                .log("attempt not started, given back");
        return outcomeRecorder
                .record(
                        generationLease,
                        null,
                        () -> false,
                        () -> leases.release(generationLease).map(held -> held ? Optional.of(true) : Optional.empty()))
                .map(released -> null);
    }

    private Duration timeLeft(RunningAttempt attempt) {
        return attempt.generationLease().timeLeft().minus(elapsed(attempt));
    }

    private Duration elapsed(RunningAttempt attempt) {
        return Duration.ofNanos(nanoClock.getAsLong() - attempt.startedAt());
    }
}
