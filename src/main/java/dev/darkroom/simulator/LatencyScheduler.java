package dev.darkroom.simulator;

import io.vertx.core.Vertx;
import java.time.Duration;

/** Lets an answer take its time. Event loop only. */
final class LatencyScheduler {
    private final Vertx vertx;
    private final Duration defaultLatency;

    LatencyScheduler(Vertx vertx, Duration latency) {
        this.vertx = vertx;
        this.defaultLatency = latency;
    }

    /** Does {@code answer} after the step's delay, or the usual latency; not at all once the client has gone. */
    void schedule(
            ScriptStep scriptStep,
            SimulatorResponseWriter simulatorResponseWriter,
            Runnable abandoned,
            Runnable answer) {
        schedule(
                scriptStep.delay() == null ? defaultLatency : scriptStep.delay(),
                simulatorResponseWriter,
                abandoned,
                answer);
    }

    void schedule(
            Duration delay, SimulatorResponseWriter simulatorResponseWriter, Runnable abandoned, Runnable answer) {
        if (delay.toMillis() < 1) {
            simulatorResponseWriter.onClientClose(abandoned);
            answer.run();
            return;
        }
        long timer = vertx.setTimer(delay.toMillis(), fired -> answer.run());
        simulatorResponseWriter.onClientClose(() -> {
            vertx.cancelTimer(timer);
            abandoned.run();
        });
    }
}
