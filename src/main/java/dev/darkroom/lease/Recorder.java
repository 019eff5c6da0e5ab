package dev.darkroom.lease;

import dev.darkroom.database.DatabaseErrors;
import dev.darkroom.node.Node;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Optional;
import java.util.function.BiFunction;
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

    /**
     * Runs a fenced write until it is answered.
     *
     * @param outcome what the write puts on record for the attempt; null when it puts nothing there
     * @return never fails; empty when the write is not ours to make any more, or was made before and only its answer lost
     */
    public <T> Future<Optional<T>> record(L lease, O outcome, Supplier<Future<Optional<T>>> write) {
        return attempt(lease, outcome, write, FIRST_WAIT);
    }

    private <T> Future<Optional<T>> attempt(L lease, O outcome, Supplier<Future<Optional<T>>> write, Duration wait) {
        if (!ours(lease)) {
            return Future.succeededFuture(discarded(lease));
        }
        // Composed, so that a write that throws fails like any other.
        return Future.succeededFuture()
                .compose(start -> write.get())
                .compose(written -> written.isPresent() ? Future.succeededFuture(written) : explain(lease, outcome))
                .recover(error -> again(lease, outcome, write, wait, error));
    }

    /** No row was changed: either an earlier write of ours did go through, or somebody took the lease. */
    private <T> Future<Optional<T>> explain(L lease, O outcome) {
        if (outcome == null) {
            return Future.succeededFuture(discarded(lease));
        }
        return recorded.apply(lease, outcome).map(onRecord -> {
            if (!onRecord) {
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

    private <T> Future<Optional<T>> again(
            L lease, O outcome, Supplier<Future<Optional<T>>> write, Duration wait, Throwable error) {
        var log =
                DatabaseErrors.unavailable(error) ? LOG.atWarn() : LOG.atError().setCause(error);
        log.addKeyValue(noun, lease.fence().key())
                .addKeyValue("attempt", lease.number())
                .addKeyValue("reason", error.getMessage())
                .log("attempt could not be recorded, trying again");
        Promise<Optional<T>> promise = Promise.promise();
        Duration next = wait.multipliedBy(2).compareTo(LONGEST_WAIT) > 0 ? LONGEST_WAIT : wait.multipliedBy(2);
        vertx.setTimer(
                wait.toMillis(), timer -> attempt(lease, outcome, write, next).onComplete(promise));
        return promise.future();
    }

    private boolean ours(L lease) {
        return node.trusted().filter(lease.fence().nodeId()::equals).isPresent();
    }
}
