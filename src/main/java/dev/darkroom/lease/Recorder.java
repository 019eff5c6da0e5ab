package dev.darkroom.lease;

import dev.darkroom.database.DatabaseErrors;
import dev.darkroom.node.Node;
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
public final class Recorder<L extends Leased, O> {
    private static final Logger LOG = LoggerFactory.getLogger(Recorder.class);
    private static final Duration FIRST_WAIT = Duration.ofMillis(100);
    private static final Duration LONGEST_WAIT = Duration.ofSeconds(2);

    private final Vertx vertx;
    private final Node node;
    private final String noun;
    private final BiFunction<L, O, Future<Boolean>> recorded;

    /**
     * @param noun what is worked on, for the log
     * @param recorded whether the attempt of a lease is already on record with an outcome
     */
    public Recorder(Vertx vertx, Node node, String noun, BiFunction<L, O, Future<Boolean>> recorded) {
        this.vertx = vertx;
        this.node = node;
        this.noun = noun;
        this.recorded = recorded;
    }

    /** As {@link #record(Leased, Object, BooleanSupplier, Runnable, Supplier)}, with nothing to do after a refusal. */
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
        return attempt(new Writing<>(lease, outcome, lost, refused, write), FIRST_WAIT);
    }

    private record Writing<L, O, T>(
            L lease, O outcome, BooleanSupplier lost, Runnable refused, Supplier<Future<Optional<T>>> write) {}

    private <T> Future<Optional<T>> attempt(Writing<L, O, T> writing, Duration wait) {
        if (!ours(writing.lease())) {
            return Future.succeededFuture(discarded(writing.lease()));
        }
        // Composed, so that a write that throws fails like any other.
        Future<Optional<T>> written = writing.lost().getAsBoolean()
                ? explain(writing)
                : Future.succeededFuture()
                        .compose(start -> writing.write().get())
                        .compose(answer -> answer.isPresent() ? Future.succeededFuture(answer) : explain(writing));
        return written.recover(error -> again(writing, wait, error));
    }

    /** No row was changed: either an earlier write of ours did go through, or somebody took the lease. */
    private <T> Future<Optional<T>> explain(Writing<L, O, T> writing) {
        L lease = writing.lease();
        if (writing.outcome() == null) {
            return Future.succeededFuture(discarded(lease));
        }
        return recorded.apply(lease, writing.outcome()).map(onRecord -> {
            if (!onRecord) {
                writing.refused().run();
                return discarded(lease);
            }
            LOG.atWarn()
                    .addKeyValue(noun, lease.fence().key())
                    .addKeyValue("attempt", lease.number())
                    .log("attempt was already recorded");
            return Optional.empty();
        });
    }

    private <T> Optional<T> discarded(L lease) {
        node.resultRefused();
        LOG.atWarn()
                .addKeyValue(noun, lease.fence().key())
                .addKeyValue("attempt", lease.number())
                .log("lease lost, result discarded");
        return Optional.empty();
    }

    private <T> Future<Optional<T>> again(Writing<L, O, T> writing, Duration wait, Throwable error) {
        L lease = writing.lease();
        var log =
                DatabaseErrors.unavailable(error) ? LOG.atWarn() : LOG.atError().setCause(error);
        log.addKeyValue(noun, lease.fence().key())
                .addKeyValue("attempt", lease.number())
                .addKeyValue("reason", error.getMessage())
                .log("attempt could not be recorded, trying again");
        Promise<Optional<T>> promise = Promise.promise();
        Duration next = wait.multipliedBy(2).compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait.multipliedBy(2);
        vertx.setTimer(wait.toMillis(), timer -> attempt(writing, next).onComplete(promise));
        return promise.future();
    }

    private boolean ours(L lease) {
        return node.trusted().filter(lease.fence().nodeId()::equals).isPresent();
    }
}
