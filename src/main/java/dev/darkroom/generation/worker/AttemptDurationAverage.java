package dev.darkroom.generation.worker;

import java.time.Duration;

/** Exponentially weighted average of the attempt durations of this process. Not thread-safe. */
final class AttemptDurationAverage {
    /** Weight of the last attempt: large enough to follow a change, small enough to smooth single outliers. */
    private static final double SMOOTHING_FACTOR = 0.1;

    private double millis = -1;

    /** Adds the duration of an ended attempt, successful or not. */
    void record(Duration time) {
        double last = time.toNanos() / 1e6;
        millis = millis < 0 ? last : millis + SMOOTHING_FACTOR * (last - millis);
    }

    /** Returns the average in milliseconds, at least 1; null before the first attempt has ended. */
    Long averageMillis() {
        return millis < 0 ? null : Math.max(1, Math.round(millis));
    }
}
