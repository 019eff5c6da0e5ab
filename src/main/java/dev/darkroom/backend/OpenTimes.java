package dev.darkroom.backend;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Open times of a circuit breaker: the first is {@code reset}, each further one doubles, up to a quarter is added at random,
 * and none is longer than the cap. The random part keeps the probes of many processes apart. Not thread-safe.
 */
final class OpenTimes {
    /** 2^30 times the shortest reset exceeds every cap. */
    private static final int MAX_DOUBLINGS = 30;

    private static final double JITTER = 0.25;

    private final Duration reset;
    private final Duration cap;
    private final DoubleSupplier random;
    private int doublings;

    /** @param random uniform in [0, 1) */
    OpenTimes(Duration reset, Duration cap, DoubleSupplier random) {
        this.reset = reset;
        this.cap = cap;
        this.random = random;
    }

    /** Returns the open time that begins now, never shorter than {@code reset}. */
    Duration next() {
        Duration doubled = reset.multipliedBy(1L << doublings);
        if (doublings < MAX_DOUBLINGS && doubled.compareTo(cap) < 0) {
            doublings++;
        }
        Duration jittered = doubled.plusNanos((long) (doubled.toNanos() * JITTER * random.getAsDouble()));
        return jittered.compareTo(cap) > 0 ? cap : jittered;
    }

    /** Begins again with the shortest. */
    void clear() {
        doublings = 0;
    }
}
