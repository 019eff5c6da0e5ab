package dev.darkroom.queue;

import dev.darkroom.task.PeriodicTask;
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
 * Periodically reclaims leases of dead nodes and leases past the deadline of their attempt. Every process runs a reaper; fencing tokens
 * let one of them win. Belongs to the event loop of the verticle that creates, starts and stops it.
 */
public final class LeaseReaper {
    /** Time after its deadline in which an attempt of a live node may still write its result. */
    public static final Duration DEADLINE_GRACE = Duration.ofSeconds(5);

    /** Maximum number of items that one run reclaims per task. */
    public static final int BATCH_SIZE = 200;

    private static final Logger LOG = LoggerFactory.getLogger(LeaseReaper.class);

    private final String jobName;
    private final List<ReapTask<?>> tasks;
    private final PeriodicTask periodicTask;

    /**
     * One kind of item to reclaim.
     *
     * @param find returns at most {@link #BATCH_SIZE} items
     * @param key returns the key of an item, for the log
     * @param reclaim reclaims one item by a fenced statement, because another process may reclaim it at the same moment
     * @param <T> type of the items
     */
    public record ReapTask<T>(Supplier<Future<List<T>>> find, Function<T, UUID> key, Function<T, Future<?>> reclaim) {}

    /** @param jobName name of one job of the queue, for the log, such as {@code generation} */
    public LeaseReaper(Vertx vertx, Duration interval, String jobName, List<ReapTask<?>> tasks) {
        this.jobName = jobName;
        this.tasks = List.copyOf(tasks);
        this.periodicTask = new PeriodicTask(
                vertx,
                interval,
                () -> reap().onFailure(error -> LOG.atWarn()
                        .addKeyValue("queue", jobName)
                        .addKeyValue("reason", error.getMessage())
                        .log("lease reaper failed")));
    }

    /** Starts the periodic runs, the first one immediately. */
    public void start() {
        periodicTask.start();
    }

    /** Stops the periodic runs. Completes when the current run has ended. */
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

    /** Logs a failure, such as that of a finish listener, and succeeds, so that one item does not block the others. */
    private Future<?> logFailureAndContinue(UUID key, Future<?> reclaim) {
        return reclaim.onFailure(error -> LOG.atWarn()
                        .addKeyValue(jobName, key)
                        .addKeyValue("reason", error.getMessage())
                        .log("reclaim failed"))
                .otherwiseEmpty();
    }
}
