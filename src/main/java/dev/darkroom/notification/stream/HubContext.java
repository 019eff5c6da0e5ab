package dev.darkroom.notification.stream;

import io.vertx.core.Context;
import io.vertx.core.Vertx;

/**
 * Event-loop context that owns the state of a notification hub. Thread-safe.
 *
 * @param vertx sets timers
 * @param context runs all work of the hub
 */
record HubContext(Vertx vertx, Context context) {
    private static final long RETRY_DELAY_MS = 1_000;

    /** Runs {@code work} later on the context, also when called on it. */
    void run(Runnable work) {
        context.runOnContext(ignored -> work.run());
    }

    /** Runs {@code work} on the context after the retry delay of 1 s. */
    void runAfterRetryDelay(Runnable work) {
        vertx.setTimer(RETRY_DELAY_MS, timer -> run(work));
    }
}
