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
 * Records the outcome of an attempt, and retries while the database is unavailable. Stops retrying only when the lease can no longer
 * be valid, because then the reaper of another node decides. For the event loop of one verticle.
 *
 * @param <L> type of the leases
 * @param <O> type of the outcomes
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
     * @param jobName name of one job of the queue, for the log
     * @param recordedCheck returns whether the attempt of a lease is already stored with an outcome
     */
    public OutcomeRecorder(
            Vertx vertx, LocalNode localNode, String jobName, BiFunction<L, O, Future<Boolean>> recordedCheck) {
        this.vertx = vertx;
        this.localNode = localNode;
        this.jobName = jobName;
        this.recordedCheck = recordedCheck;
    }

    /** As {@link #record(Lease, Object, BooleanSupplier, Runnable, Supplier)}, without an action after a rejection. */
    public <T> Future<Optional<T>> record(
            L lease, O outcome, BooleanSupplier leaseLost, Supplier<Future<Optional<T>>> write) {
        return record(lease, outcome, leaseLost, () -> {}, write);
    }

    /**
     * Repeats a fenced write until the database replies or the lease is known to be lost.
     *
     * @param outcome outcome that the write stores for the attempt; null when it stores none
     * @param leaseLost returns whether the lease was found to be lost; stops the retries of a failing write
     * @param onRejected runs when the database has confirmed that the attempt is not stored and never will be
     * @param write returns an empty optional when it changed no row
     * @return never fails; empty when the lease is lost, or when an earlier write succeeded and its response was lost
     */
    public <T> Future<Optional<T>> record(
            L lease, O outcome, BooleanSupplier leaseLost, Runnable onRejected, Supplier<Future<Optional<T>>> write) {
        return tryWrite(new PendingWrite<>(lease, outcome, leaseLost, onRejected, write), INITIAL_DELAY);
    }

    private record PendingWrite<L, O, T>(
            L lease, O outcome, BooleanSupplier leaseLost, Runnable onRejected, Supplier<Future<Optional<T>>> write) {}

    private <T> Future<Optional<T>> tryWrite(PendingWrite<L, O, T> pendingWrite, Duration retryDelay) {
        if (!isHeld(pendingWrite.lease())) {
            return Future.succeededFuture(discardResult(pendingWrite.lease()));
        }
        // compose() turns an exception thrown by the write into a failed future.
        Future<Optional<T>> written = pendingWrite.leaseLost().getAsBoolean()
                ? resolveUnchanged(pendingWrite)
                : Future.succeededFuture()
                        .compose(start -> pendingWrite.write().get())
                        .compose(result ->
                                result.isPresent() ? Future.succeededFuture(result) : resolveUnchanged(pendingWrite));
        return written.recover(error -> retryWrite(pendingWrite, retryDelay, error));
    }

    /** Finds out why no row changed: an earlier write of this process succeeded, or the lease is lost. */
    private <T> Future<Optional<T>> resolveUnchanged(PendingWrite<L, O, T> pendingWrite) {
        L lease = pendingWrite.lease();
        if (pendingWrite.outcome() == null) {
            return Future.succeededFuture(discardResult(lease));
        }
        return recordedCheck.apply(lease, pendingWrite.outcome()).map(recorded -> {
            if (!recorded) {
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

    private <T> Future<Optional<T>> retryWrite(PendingWrite<L, O, T> pendingWrite, Duration delay, Throwable error) {
        L lease = pendingWrite.lease();
        var log = DatabaseErrorClassifier.isUnavailable(error)
                ? LOG.atWarn()
                : LOG.atError().setCause(error);
        log.addKeyValue(jobName, lease.fencingToken().key())
                .addKeyValue("attempt", lease.number())
                .addKeyValue("reason", error.getMessage())
                .log("attempt outcome not recorded, retry scheduled");
        Promise<Optional<T>> promise = Promise.promise();
        Duration next = delay.multipliedBy(2).compareTo(MAX_DELAY) > 0 ? MAX_DELAY : delay.multipliedBy(2);
        vertx.setTimer(delay.toMillis(), timer -> tryWrite(pendingWrite, next).onComplete(promise));
        return promise.future();
    }

    private boolean isHeld(L lease) {
        return localNode.validId().filter(lease.fencingToken().nodeId()::equals).isPresent();
    }
}
