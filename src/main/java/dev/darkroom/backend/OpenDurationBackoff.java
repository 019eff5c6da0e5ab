package dev.darkroom.backend;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Open times of a circuit breaker: the first is {@code reset}, each further one doubles, up to a quarter is added at random,
 * and none is longer than the cap. The random part keeps the probes of many processes apart. Not thread-safe.
 */
final class OpenDurationBackoff {
    /** 2^30 times the shortest reset exceeds every cap. */
    private static final int MAX_DOUBLINGS = 30;

    private static final double JITTER = 0.25;

    private final Duration initialDuration;
    private final Duration maxDuration;
    private final DoubleSupplier random;
    private int doublings;

    /** @param random uniform in [0, 1) */
    OpenDurationBackoff(Duration reset, Duration cap, DoubleSupplier random) {
        this.initialDuration = reset;
        this.maxDuration = cap;
        this.random = random;
    }

    /** Returns the open time that begins now, never shorter than {@code reset}. */
    Duration nextDuration() {
        Duration doubled = initialDuration.multipliedBy(1L << doublings);
        if (doublings < MAX_DOUBLINGS && doubled.compareTo(maxDuration) < 0) {
            doublings++;
        }
        Duration jittered = doubled.plusNanos((long) (doubled.toNanos() * JITTER * random.getAsDouble()));
        return jittered.compareTo(maxDuration) > 0 ? maxDuration : jittered;
    }

    /** Begins again with the shortest. */
    void resetBackoff() {
        doublings = 0;
    }
}
