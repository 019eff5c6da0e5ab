package dev.darkroom.backend.executor;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Exponential backoff for the open durations of a circuit breaker. The first is the initial duration, each further one
 * doubles. A random addition of up to 25 % spreads the probes of several processes. The maximum caps the sum. Not thread-safe.
 */
final class OpenDurationBackoff {
    /** 2^30 times the shortest initial duration exceeds every maximum. */
    private static final int MAX_DOUBLINGS = 30;

    private static final double JITTER = 0.25;

    private final Duration initialDuration;
    private final Duration maxDuration;
    private final DoubleSupplier random;
    private int doublings;

    /** @param random uniform in [0, 1) */
    OpenDurationBackoff(Duration initialDuration, Duration maxDuration, DoubleSupplier random) {
        this.initialDuration = initialDuration;
        this.maxDuration = maxDuration;
        this.random = random;
    }

    /** Returns the next open duration, never shorter than the initial one, and doubles the following one. */
    Duration nextDuration() {
        Duration doubled = initialDuration.multipliedBy(1L << doublings);
        if (doublings < MAX_DOUBLINGS && doubled.compareTo(maxDuration) < 0) {
            doublings++;
        }
        Duration jittered = doubled.plusNanos((long) (doubled.toNanos() * JITTER * random.getAsDouble()));
        return jittered.compareTo(maxDuration) > 0 ? maxDuration : jittered;
    }

    /** Resets the next open duration to the initial one. */
    void resetBackoff() {
        doublings = 0;
    }
}
