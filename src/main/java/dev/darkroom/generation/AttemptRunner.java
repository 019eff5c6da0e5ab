package dev.darkroom.generation;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.NoArgGenerator;
import dev.darkroom.backend.Call;
import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.Guard;
import dev.darkroom.backend.Outcome;
import dev.darkroom.generation.RetryDecision.Fail;
import dev.darkroom.generation.RetryDecision.Retry;
import dev.darkroom.image.ImageStore;
import dev.darkroom.image.Picture;
import io.vertx.core.Future;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one attempt with a lease: asks the AI server, keeps the pictures, writes what came of it. No transaction is open
 * while it waits for the AI server.
 */
final class AttemptRunner {
    private static final Logger LOG = LoggerFactory.getLogger(AttemptRunner.class);

    private static final Failure INTERRUPTED = Failure.of(
            FailureClass.AMBIGUOUS, "INTERRUPTED", "The attempt was broken off because its process stopped.");
    private static final Failure NOT_KEPT =
            Failure.of(FailureClass.RESULT_FETCH, "NOT_KEPT", "The pictures were made but could not be kept.");

    private final Guard guard;
    private final ImageStore images;
    private final LeaseStore leases;
    private final Recorder recorder;
    private final RetryPolicy policy;
    private final EndAnnouncer announcer;
    private final LongSupplier nanoClock;
    /** Attempts whose generations were found to be not ours any more. */
    private final Set<Lease> brokenOff = ConcurrentHashMap.newKeySet();

    private final NoArgGenerator ids = Generators.timeBasedEpochRandomGenerator();

    AttemptRunner(
            Guard guard,
            ImageStore images,
            LeaseStore leases,
            Recorder recorder,
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
     * Makes the attempt.
     *
     * @return completes, never fails, when everything is written; with how long to wait before looking for this generation
     *     again, or null when there is nothing to wait for
     */
    Future<Duration> run(Lease lease, Call call) {
        long startedAt = nanoClock.getAsLong();
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
                        return keep(lease, call, generated.pictures(), startedAt);
                    }
                    if (outcome instanceof Outcome.Failed failed) {
                        Failure failure = failed.failure();
                        Duration timeLeft = timeLeft(lease, startedAt);
                        return failed(
                                lease,
                                failure,
                                policy.afterFailure(
                                        failure, lease.counted(), guarded.probe(), guarded.slowDown(), timeLeft));
                    }
                    return outcome instanceof Outcome.Aborted ? interrupted(lease) : giveBack(lease);
                });
    }

    /** Ends an attempt that nobody wants any more: its lease is gone, and with it anything to write. */
    void breakOff(Lease lease, Call call) {
        brokenOff.add(lease);
        call.abort();
    }

    /** The attempt is over. */
    void over(Lease lease) {
        brokenOff.remove(lease);
    }

    private Future<Duration> keep(Lease lease, Call call, List<Picture> pictures, long startedAt) {
        List<KeptPicture> kept = new ArrayList<>();
        List<Future<Void>> writes = new ArrayList<>();
        for (Picture picture : pictures) {
            UUID id = ids.generate();
            String key = KeptPicture.storageKey(id, picture);
            kept.add(KeptPicture.of(id, key, picture));
            writes.add(images.keep(key, picture));
        }
        return Future.join(writes)
                .onComplete(written -> call.finish())
                .transform(done ->
                        done.succeeded() ? complete(lease, kept, startedAt) : notKept(lease, done.cause(), startedAt));
    }

    private Future<Duration> notKept(Lease lease, Throwable cause, long startedAt) {
        Failure failure = NOT_KEPT.withDetail(String.valueOf(cause.getMessage()));
        Duration timeLeft = timeLeft(lease, startedAt);
        return failed(lease, failure, policy.afterFailure(failure, lease.counted(), false, false, timeLeft));
    }

    private Future<Duration> complete(Lease lease, List<KeptPicture> kept, long startedAt) {
        return recorder.record(lease, AttemptOutcome.SUCCEEDED, () -> leases.complete(lease, kept))
                .map(ended -> {
                    ended.ifPresent(end -> {
                        LOG.atInfo()
                                .addKeyValue("generation", lease.generationId())
                                .addKeyValue("attempt", lease.number())
                                .addKeyValue("attemptMs", elapsed(startedAt).toMillis())
                                .addKeyValue("images", kept.size())
                                .log("attempt succeeded");
                        announcer.announce(end);
                    });
                    return null;
                });
    }

    private Future<Duration> failed(Lease lease, Failure failure, RetryDecision decision) {
        AttemptOutcome outcome = outcome(failure);
        if (decision instanceof Retry retry) {
            return recorder.record(
                            lease, outcome, () -> leases.retry(lease, outcome, retry.counted(), failure, retry.delay()))
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
                        lease, outcome, () -> leases.fail(lease, outcome, fail.counted(), failure, fail.reason()))
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
    private Future<Duration> interrupted(Lease lease) {
        LOG.atInfo()
                .addKeyValue("generation", lease.generationId())
                .addKeyValue("attempt", lease.number())
                .log("attempt interrupted");
        if (brokenOff.contains(lease)) {
            return Future.succeededFuture();
        }
        return recorder.record(
                        lease,
                        AttemptOutcome.INTERRUPTED,
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
                        () -> leases.release(lease).map(held -> held ? Optional.of(true) : Optional.empty()))
                .map(released -> null);
    }

    private Duration timeLeft(Lease lease, long startedAt) {
        return lease.timeLeft().minus(elapsed(startedAt));
    }

    private Duration elapsed(long startedAt) {
        return Duration.ofNanos(nanoClock.getAsLong() - startedAt);
    }
}
