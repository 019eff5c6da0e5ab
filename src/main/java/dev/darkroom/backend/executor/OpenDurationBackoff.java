package dev.darkroom.backend.executor;

import java.time.Duration;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

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
    private final LongSupplier nanoTime;
    private int doublings;
    private Duration current = Duration.ZERO;
    private long startedAt;

    /**
     * @param random uniform in [0, 1)
     * @param nanoTime clock in nanoseconds, see {@link System#nanoTime()}
     */
    OpenDurationBackoff(Duration initialDuration, Duration maxDuration, DoubleSupplier random, LongSupplier nanoTime) {
        this.initialDuration = initialDuration;
        this.maxDuration = maxDuration;
        this.random = random;
        this.nanoTime = nanoTime;
    }

    /** Starts and returns the next open duration, never shorter than the initial one, and doubles the following one. */
    Duration nextDuration() {
        Duration doubled = initialDuration.multipliedBy(1L << doublings);
        if (doublings < MAX_DOUBLINGS && doubled.compareTo(maxDuration) < 0) {
            doublings++;
        }
        Duration jittered = doubled.plusNanos((long) (doubled.toNanos() * JITTER * random.getAsDouble()));
        current = jittered.compareTo(maxDuration) > 0 ? maxDuration : jittered;
        startedAt = nanoTime.getAsLong();
        return current;
    }

    /** Returns the part of the current open duration that exceeds the initial duration; zero or negative without one. */
    Duration beyondInitial() {
        return current.minus(initialDuration);
    }

    /** Returns the rest of the current open duration; zero after its end. */
    Duration remaining() {
        Duration remaining = current.minusNanos(nanoTime.getAsLong() - startedAt);
        return remaining.isNegative() ? Duration.ZERO : remaining;
    }

    /** Resets the next open duration to the initial one. */
    void resetBackoff() {
        doublings = 0;
    }
}
