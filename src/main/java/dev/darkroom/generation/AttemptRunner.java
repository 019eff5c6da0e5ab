package dev.darkroom.generation;

import dev.darkroom.backend.Call;
import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.Guard;
import dev.darkroom.backend.Outcome;
import dev.darkroom.generation.RetryDecision.Fail;
import dev.darkroom.generation.RetryDecision.Reason;
import dev.darkroom.generation.RetryDecision.Retry;
import dev.darkroom.image.Picture;
import dev.darkroom.lease.Recorder;
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

    private static final Failure INTERRUPTED = Failure.of(
            FailureClass.AMBIGUOUS, "INTERRUPTED", "The attempt was broken off because its process stopped.");
    private static final Failure NOT_KEPT = Failure.of(
            FailureClass.INTERNAL, "NOT_KEPT", "The images were made, and could not be stored before the deadline.");

    private final Guard guard;
    private final ImageWriter images;
    private final LeaseStore leases;
    private final Recorder<Lease, AttemptOutcome> recorder;
    private final RetryPolicy policy;
    private final EndAnnouncer announcer;
    private final LongSupplier nanoClock;

    AttemptRunner(
            Guard guard,
            ImageWriter images,
            LeaseStore leases,
            Recorder<Lease, AttemptOutcome> recorder,
            RetryPolicy policy,
            EndAnnouncer announcer,
            LongSupplier nanoClock) {
        this.guard = guard;
        this.images = images;
        this.leases = leases;
        this.recorder = recorder;
        this.policy = policy;
        this.announcer = announcer;
        this.nanoClock = nanoClock;
    }

    /**
     * An attempt under way.
     *
     * @param lost whether the lease was found to be another's, so that there is nothing to write
     * @param startedAt by the clock of this runner
     */
    private record Running(Lease lease, Call call, BooleanSupplier lost, long startedAt) {}

    /**
     * Makes the attempt.
     *
     * @param lost whether the lease was found to be another's, so that there is nothing to write
     * @return completes, never fails, when everything is written; with how long to wait before looking for this generation
     *     again, or null when there is nothing to wait for
     */
    Future<Duration> run(Lease lease, Call call, BooleanSupplier lost) {
        Running attempt = new Running(lease, call, lost, nanoClock.getAsLong());
        LOG.atInfo()
                .addKeyValue("generation", lease.generationId())
                .addKeyValue("attempt", lease.number())
                .addKeyValue("budgetMs", lease.attemptBudget().toMillis())
                .log("attempt started");
        return PausePoint.BEFORE_CALL
                .pass(lease.work())
                .compose(work -> guard.run(work, call))
                .compose(PausePoint.AFTER_ANSWER::pass)
                .compose(guarded -> {
                    Outcome outcome = guarded.outcome();
                    if (outcome instanceof Outcome.Generated generated) {
                        return keep(attempt, generated.pictures());
                    }
                    if (outcome instanceof Outcome.Failed failed) {
                        return failed(
                                attempt,
                                failed.failure(),
                                policy.afterFailure(
                                        failed.failure(),
                                        lease.counts(),
                                        guarded.probe(),
                                        guarded.slowDown(),
                                        timeLeft(attempt)));
                    }
                    return outcome instanceof Outcome.Aborted ? interrupted(attempt) : giveBack(lease);
                });
    }

    private Future<Duration> keep(Running attempt, List<Picture> pictures) {
        return images.write(pictures, attempt.lease(), attempt.call(), timeLeft(attempt))
                .onComplete(done -> attempt.call().finish())
                .compose(written -> {
                    if (written instanceof ImageWriter.Result.Stored stored) {
                        return complete(attempt, stored.images());
                    }
                    return written instanceof ImageWriter.Result.Late late
                            ? notKept(attempt, late.reason())
                            : interrupted(attempt);
                });
    }

    /** The store failed for as long as the generation had time. The generation ends, and no attempt is charged to it. */
    private Future<Duration> notKept(Running attempt, String reason) {
        Failure failure = NOT_KEPT.withDetail(reason);
        Reason end = RetryPolicy.deadlineExceeded(failure.failureClass(), failure.message());
        return failed(attempt, failure, new Fail(end, false));
    }

    private Future<Duration> complete(Running attempt, List<KeptPicture> kept) {
        Lease lease = attempt.lease();
        return recorder.record(
                        lease,
                        AttemptOutcome.SUCCEEDED,
                        attempt.lost(),
                        () -> images.discard(kept),
                        () -> leases.complete(lease, kept))
                .map(ended -> {
                    ended.ifPresent(end -> {
                        LOG.atInfo()
                                .addKeyValue("generation", lease.generationId())
                                .addKeyValue("attempt", lease.number())
                                .addKeyValue("attemptMs", elapsed(attempt).toMillis())
                                .addKeyValue("images", kept.size())
                                .log("attempt succeeded");
                        announcer.announce(end);
                    });
                    return null;
                });
    }

    private Future<Duration> failed(Running attempt, Failure failure, RetryDecision decision) {
        return failed(attempt, outcome(failure), failure, decision);
    }

    private Future<Duration> failed(Running attempt, AttemptOutcome outcome, Failure failure, RetryDecision decision) {
        Lease lease = attempt.lease();
        if (decision instanceof Retry retry) {
            return recorder.record(
                            lease,
                            outcome,
                            attempt.lost(),
                            () -> leases.retry(lease, outcome, retry.counted(), failure, retry.delay()))
                    .map(requeued -> {
                        OffsetDateTime retryAt =
                                requeued.map(LeaseStore.Requeued::retryAt).orElse(null);
                        AttemptLog.failed(LOG, lease, failure, decision, retryAt);
                        announcer.moved(lease.generationId());
                        return retry.delay();
                    });
        }
        Fail fail = (Fail) decision;
        return recorder.record(
                        lease,
                        outcome,
                        attempt.lost(),
                        () -> leases.fail(lease, outcome, fail.counted(), failure, fail.reason()))
                .map(ended -> {
                    AttemptLog.failed(LOG, lease, failure, decision, null);
                    ended.ifPresent(announcer::announce);
                    return null;
                });
    }

    private static AttemptOutcome outcome(Failure failure) {
        if (failure.timedOut()) {
            return AttemptOutcome.TIMEOUT;
        }
        return failure.failureClass().retryable() ? AttemptOutcome.RETRYABLE : AttemptOutcome.PERMANENT;
    }

    /** Goes back at once and uncounted: it is not the generation's fault. */
    private Future<Duration> interrupted(Running attempt) {
        Lease lease = attempt.lease();
        LOG.atInfo()
                .addKeyValue("generation", lease.generationId())
                .addKeyValue("attempt", lease.number())
                .log("attempt interrupted");
        if (attempt.lost().getAsBoolean()) {
            return Future.succeededFuture();
        }
        RetryDecision decision = policy.afterInterruption(INTERRUPTED, lease.counts());
        if (decision instanceof Fail) {
            return failed(attempt, AttemptOutcome.INTERRUPTED, INTERRUPTED, decision);
        }
        return recorder.record(
                        lease,
                        AttemptOutcome.INTERRUPTED,
                        attempt.lost(),
                        () -> leases.retry(lease, AttemptOutcome.INTERRUPTED, false, INTERRUPTED, Duration.ZERO))
                .map(requeued -> {
                    announcer.moved(lease.generationId());
                    return null;
                });
    }

    /** Ends a lease with which nothing was done. Completes like {@link #run}. */
    Future<Duration> giveBack(Lease lease) {
        LOG.atInfo()
                .addKeyValue("generation", lease.generationId())
                .addKeyValue("attempt", lease.number())
                .log("attempt not started, given back");
        return recorder.record(
                        lease,
                        null,
                        () -> false,
                        () -> leases.release(lease).map(held -> held ? Optional.of(true) : Optional.empty()))
                .map(released -> null);
    }

    private Duration timeLeft(Running attempt) {
        return attempt.lease().timeLeft().minus(elapsed(attempt));
    }

    private Duration elapsed(Running attempt) {
        return Duration.ofNanos(nanoClock.getAsLong() - attempt.startedAt());
    }
}
