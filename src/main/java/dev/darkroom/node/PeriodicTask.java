package dev.darkroom.node;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/**
 * What a process does again and again: never twice at once, and up to a fifth early, so that many processes do not do it in
 * step. For the event loop of one verticle, which starts and stops it.
 */
public final class PeriodicTask {
    private final Vertx vertx;
    private final Duration interval;
    private final Supplier<Future<?>> task;
    private Future<?> currentRun = Future.succeededFuture();
    private boolean stopped;

    /**
     * @param interval the longest time from the end of one turn to the begin of the next
     * @param work one turn; tells of its failures itself
     */
    public PeriodicTask(Vertx vertx, Duration interval, Supplier<Future<?>> work) {
        this.vertx = vertx;
        this.interval = interval;
        this.task = work;
    }

    /** The first turn comes at once: what the process before this one left undone has waited long enough. */
    public void start() {
        run();
    }

    private void scheduleNext() {
        // A timer that is set after the end of the verticle would never be cancelled.
        if (stopped) {
            return;
        }
        double early = 0.8 + 0.2 * ThreadLocalRandom.current().nextDouble();
        vertx.setTimer(Math.max((long) (interval.toMillis() * early), 1), timer -> run());
    }

    private void run() {
        if (stopped) {
            return;
        }
        // Composed, so that work that throws is only one turn that failed.
        currentRun = Future.succeededFuture().compose(v -> task.get()).onComplete(done -> scheduleNext());
    }

    /** Completes once the turn under way, if there is one, has ended. There is no further one. */
    public Future<?> stop() {
        stopped = true;
        return currentRun.otherwiseEmpty();
    }

    /** Whether a long turn should come to its end. */
    public boolean stopped() {
        return stopped;
    }
}
