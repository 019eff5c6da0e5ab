package dev.darkroom.queue;

import dev.darkroom.database.DatabaseErrorClassifier;
import dev.darkroom.node.LocalNode;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what an attempt came to, however often the database is away meanwhile: the result of work is worth waiting
 * for. Gives up only when the lease can no longer be ours, because then the sweep of another node decides.
 *
 * @param <L> what was claimed
 * @param <O> what an attempt can come to
 */
public final class OutcomeRecorder<L extends Lease, O> {
    private static final Logger LOG = LoggerFactory.getLogger(OutcomeRecorder.class);
    private static final Duration INITIAL_DELAY = Duration.ofMillis(100);
    private static final Duration MAX_DELAY = Duration.ofSeconds(2);

    private final Vertx vertx;
    private final LocalNode localNode;
    private final String jobName;
    private final BiFunction<L, O, Future<Boolean>> recordedCheck;

    /**
     * @param noun what is worked on, for the log
     * @param recorded whether the attempt of a lease is already on record with an outcome
     */
    public OutcomeRecorder(Vertx vertx, LocalNode localNode, String noun, BiFunction<L, O, Future<Boolean>> recorded) {
        this.vertx = vertx;
        this.localNode = localNode;
        this.jobName = noun;
        this.recordedCheck = recorded;
    }

    /** As {@link #record(Lease, Object, BooleanSupplier, Runnable, Supplier)}, with nothing to do after a refusal. */
    public <T> Future<Optional<T>> record(
            L lease, O outcome, BooleanSupplier lost, Supplier<Future<Optional<T>>> write) {
        return record(lease, outcome, lost, () -> {}, write);
    }

    /**
     * Runs a fenced write until it is answered, or until the lease is known to be lost.
     *
     * @param outcome what the write puts on record for the attempt; null when it puts nothing there
     * @param lost whether the lease was found to be another's; ends the repetitions of a write that keeps failing
     * @param refused runs when the database has said that nothing of the attempt is on record, nor ever will be
     * @return never fails; empty when the write is not ours to make any more, or was made before and only its answer lost
     */
    public <T> Future<Optional<T>> record(
            L lease, O outcome, BooleanSupplier lost, Runnable refused, Supplier<Future<Optional<T>>> write) {
        return tryWrite(new PendingWrite<>(lease, outcome, lost, refused, write), INITIAL_DELAY);
    }

    private record PendingWrite<L, O, T>(
            L lease, O outcome, BooleanSupplier leaseLost, Runnable onRejected, Supplier<Future<Optional<T>>> write) {}

    private <T> Future<Optional<T>> tryWrite(PendingWrite<L, O, T> pendingWrite, Duration wait) {
        if (!isHeld(pendingWrite.lease())) {
            return Future.succeededFuture(discardResult(pendingWrite.lease()));
        }
        // Composed, so that a write that throws fails like any other.
        Future<Optional<T>> written = pendingWrite.leaseLost().getAsBoolean()
                ? resolveUnchanged(pendingWrite)
                : Future.succeededFuture()
                        .compose(start -> pendingWrite.write().get())
                        .compose(answer ->
                                answer.isPresent() ? Future.succeededFuture(answer) : resolveUnchanged(pendingWrite));
        return written.recover(error -> retryWrite(pendingWrite, wait, error));
    }

    /** No row was changed: either an earlier write of ours did go through, or somebody took the lease. */
    private <T> Future<Optional<T>> resolveUnchanged(PendingWrite<L, O, T> pendingWrite) {
        L lease = pendingWrite.lease();
        if (pendingWrite.outcome() == null) {
            return Future.succeededFuture(discardResult(lease));
        }
        return recordedCheck.apply(lease, pendingWrite.outcome()).map(onRecord -> {
            if (!onRecord) {
                pendingWrite.onRejected().run();
                return discardResult(lease);
            }
            LOG.atWarn()
                    .addKeyValue(jobName, lease.fencingToken().key())
                    .addKeyValue("attempt", lease.number())
                    .log("attempt was already recorded");
            return Optional.empty();
        });
    }

    private <T> Optional<T> discardResult(L lease) {
        localNode.recordRejectedResult();
        LOG.atWarn()
                .addKeyValue(jobName, lease.fencingToken().key())
                .addKeyValue("attempt", lease.number())
                .log("lease lost, result discarded");
        return Optional.empty();
    }

    private <T> Future<Optional<T>> retryWrite(PendingWrite<L, O, T> pendingWrite, Duration wait, Throwable error) {
        L lease = pendingWrite.lease();
        var log = DatabaseErrorClassifier.isUnavailable(error)
                ? LOG.atWarn()
                : LOG.atError().setCause(error);
        log.addKeyValue(jobName, lease.fencingToken().key())
                .addKeyValue("attempt", lease.number())
                .addKeyValue("reason", error.getMessage())
                .log("attempt could not be recorded, trying again");
        Promise<Optional<T>> promise = Promise.promise();
        Duration next = wait.multipliedBy(2).compareTo(MAX_DELAY) > 0 ? MAX_DELAY : wait.multipliedBy(2);
        vertx.setTimer(wait.toMillis(), timer -> tryWrite(pendingWrite, next).onComplete(promise));
        return promise.future();
    }

    private boolean isHeld(L lease) {
        return localNode.validId().filter(lease.fencingToken().nodeId()::equals).isPresent();
    }
}
