package dev.darkroom.queue;

import dev.darkroom.node.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes back again and again what nobody will end. Every process sweeps; the fences let one of them win. For the event loop of the
 * verticle that makes, starts and stops it.
 */
public final class LeaseReaper {
    /** How long after its deadline an attempt of a live node may still be writing its result. */
    public static final Duration DEADLINE_GRACE = Duration.ofSeconds(5);

    /** How many of a kind are taken back in one turn. */
    public static final int BATCH_SIZE = 200;

    private static final Logger LOG = LoggerFactory.getLogger(LeaseReaper.class);

    private final String jobName;
    private final List<ReapTask<?>> tasks;
    private final PeriodicTask periodicTask;

    /**
     * One kind of thing that is looked for.
     *
     * @param find what there is, at most {@link #BATCH_SIZE}
     * @param key of what was found, for the log
     * @param reclaim fenced: somebody else may do it at the same moment
     * @param <T> what is found
     */
    public record ReapTask<T>(Supplier<Future<List<T>>> find, Function<T, UUID> key, Function<T, Future<?>> reclaim) {}

    /** @param noun what is worked on, for the log */
    public LeaseReaper(Vertx vertx, Duration interval, String noun, List<ReapTask<?>> errands) {
        this.jobName = noun;
        this.tasks = List.copyOf(errands);
        this.periodicTask = new PeriodicTask(
                vertx,
                interval,
                () -> reap().onFailure(error -> LOG.atWarn()
                        .addKeyValue("work", noun)
                        .addKeyValue("reason", error.getMessage())
                        .log("sweep failed")));
    }

    /** Begins, with a first turn at once. */
    public void start() {
        periodicTask.start();
    }

    /** Completes once the turn under way has ended. */
    public Future<?> stop() {
        return periodicTask.stop();
    }

    private Future<?> reap() {
        Future<?> done = Future.succeededFuture();
        for (ReapTask<?> reapTask : tasks) {
            done = done.compose(before -> runTask(reapTask));
        }
        return done;
    }

    private <T> Future<?> runTask(ReapTask<T> reapTask) {
        return reapTask.find()
                .get()
                .compose(found -> Future.join(found.stream()
                        .map(each -> logFailureAndContinue(
                                reapTask.key().apply(each), reapTask.reclaim().apply(each)))
                        .toList()));
    }

    /** One that cannot be taken back, because a listener fails for it, must not keep the others from their turn. */
    private Future<?> logFailureAndContinue(UUID key, Future<?> takingBack) {
        return takingBack
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue(jobName, key)
                        .addKeyValue("reason", error.getMessage())
                        .log("sweep could not take back"))
                .otherwiseEmpty();
    }
}
