package dev.darkroom.telemetry;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Measures the delay of its event loop with a timer. Vert.x gives the instances of a verticle event loops in turn. With two instances for
 * each event loop, every one gets an instance, even if other verticles start meanwhile; the second instance does nothing.
 */
public final class EventLoopMonitorVerticle extends VerticleBase {
    private static final Duration INTERVAL = Duration.ofMillis(100);

    private final EventLoopDelays delays;

    public EventLoopMonitorVerticle(EventLoopDelays delays) {
        this.delays = delays;
    }

    @Override
    public Future<?> start() {
        AtomicLong expected = delays.claimCurrentLoop();
        if (expected != null) {
            run(expected);
        }
        return Future.succeededFuture();
    }

    private void run(AtomicLong expected) {
        delays.recordRun(expected, INTERVAL.toNanos());
        vertx.setTimer(INTERVAL.toMillis(), timer -> run(expected));
    }
}
