package dev.darkroom.simulator;

import io.vertx.core.Vertx;
import java.time.Duration;

/** Lets an answer take its time. Event loop only. */
final class Director {
    private final Vertx vertx;
    private final Duration latency;

    Director(Vertx vertx, Duration latency) {
        this.vertx = vertx;
        this.latency = latency;
    }

    /** Does {@code answer} after the step's delay, or the usual latency; not at all once the client has gone. */
    void after(Step step, Wire wire, Runnable abandoned, Runnable answer) {
        after(step.delay() == null ? latency : step.delay(), wire, abandoned, answer);
    }

    void after(Duration delay, Wire wire, Runnable abandoned, Runnable answer) {
        if (delay.toMillis() < 1) {
            wire.onAbandoned(abandoned);
            answer.run();
            return;
        }
        long timer = vertx.setTimer(delay.toMillis(), fired -> answer.run());
        wire.onAbandoned(() -> {
            vertx.cancelTimer(timer);
            abandoned.run();
        });
    }
}
