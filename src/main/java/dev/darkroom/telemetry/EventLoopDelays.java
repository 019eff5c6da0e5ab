package dev.darkroom.telemetry;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** Delays of a timer on each event loop. Thread-safe. */
public final class EventLoopDelays {
    private static final double NANOS_PER_SECOND = 1e9;

    private final MeterRegistry registry;
    private final LongSupplier nanoTime;
    private final Timer delays;

    /** Next time of the timer of each event loop. Guarded by this. */
    private final Map<Thread, AtomicLong> expectedByThread = new HashMap<>();

    /** @param nanoTime clock in nanoseconds, see {@link System#nanoTime()} */
    public EventLoopDelays(MeterRegistry registry, LongSupplier nanoTime) {
        this.registry = registry;
        this.nanoTime = nanoTime;
        this.delays = Timer.builder("darkroom.event.loop.delay")
                .description("Delay of a timer on an event loop")
                .register(registry);
    }

    /** Returns the time at which the timer of the current event loop runs next; null when it has one already. */
    synchronized AtomicLong claimCurrentLoop() {
        if (expectedByThread.containsKey(Thread.currentThread())) {
            return null;
        }
        int loop = expectedByThread.size();
        AtomicLong expected = new AtomicLong(nanoTime.getAsLong());
        expectedByThread.put(Thread.currentThread(), expected);
        Gauge.builder("darkroom.event.loop.blocked", expected, this::overdueSeconds)
                .description("Time for which an event loop has not run a timer that is due")
                .baseUnit("seconds")
                .tag("loop", String.valueOf(loop))
                .register(registry);
        return expected;
    }

    private double overdueSeconds(AtomicLong expected) {
        return Math.max(0, nanoTime.getAsLong() - expected.get()) / NANOS_PER_SECOND;
    }

    /**
     * Records the delay of a run.
     *
     * @param interval time until the next run, in nanoseconds
     */
    void recordRun(AtomicLong expected, long interval) {
        long now = nanoTime.getAsLong();
        delays.record(Math.max(0, now - expected.get()), TimeUnit.NANOSECONDS);
        expected.set(now + interval);
    }
}
