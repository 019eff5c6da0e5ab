package dev.darkroom.task;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;

/**
 * Runs a task periodically, never twice concurrently. Each run starts up to a fifth of the interval early, so that several processes
 * do not run in step. Belongs to the event loop of the verticle that starts and stops it.
 */
public final class PeriodicTask {
    private final Vertx vertx;
    private final Duration interval;
    private final Supplier<Future<?>> task;
    private Future<?> currentRun = Future.succeededFuture();
    private boolean stopped;

    /**
     * @param interval maximum time from the end of one run to the start of the next
     * @param task one run; logs its failures itself
     */
    public PeriodicTask(Vertx vertx, Duration interval, Supplier<Future<?>> task) {
        this.vertx = vertx;
        this.interval = interval;
        this.task = task;
    }

    /** Starts the first run immediately, because a previous process may have left something undone. */
    public void start() {
        run();
    }

    private void scheduleNext() {
        // A timer that is set after the undeployment of the verticle would never be canceled.
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
        // compose() turns an exception thrown by the task into a failed run.
        currentRun = Future.succeededFuture().compose(v -> task.get()).onComplete(done -> scheduleNext());
    }

    /** Prevents further runs. Completes when the current run, if any, has ended. */
    public Future<?> stop() {
        stopped = true;
        return currentRun.otherwiseEmpty();
    }
}
