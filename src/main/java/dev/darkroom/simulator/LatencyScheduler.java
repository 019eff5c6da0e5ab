package dev.darkroom.simulator;

import io.vertx.core.Vertx;
import java.time.Duration;

/** Sends responses after a delay. Used on one event loop. */
final class LatencyScheduler {
    private final Vertx vertx;
    private final Duration defaultLatency;

    LatencyScheduler(Vertx vertx, Duration defaultLatency) {
        this.vertx = vertx;
        this.defaultLatency = defaultLatency;
    }

    /** Runs {@code response} after the delay of the step or the default latency, unless the client has closed the connection. */
    void schedule(ScriptStep step, SimulatorResponseWriter writer, Runnable onClientClose, Runnable response) {
        schedule(step.delay() == null ? defaultLatency : step.delay(), writer, onClientClose, response);
    }

    void schedule(Duration delay, SimulatorResponseWriter writer, Runnable onClientClose, Runnable response) {
        if (delay.toMillis() < 1) {
            writer.onClientClose(onClientClose);
            response.run();
            return;
        }
        long timer = vertx.setTimer(delay.toMillis(), fired -> response.run());
        writer.onClientClose(() -> {
            vertx.cancelTimer(timer);
            onClientClose.run();
        });
    }
}
