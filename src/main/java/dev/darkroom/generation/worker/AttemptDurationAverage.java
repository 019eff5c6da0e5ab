package dev.darkroom.generation.worker;

import java.time.Duration;

/** How long the attempts of this process take of late. Not thread-safe. */
final class AttemptDurationAverage {
    /** What the last attempt counts for: new enough to follow a change, old enough that one odd attempt says little. */
    private static final double SMOOTHING_FACTOR = 0.1;

    private double millis = -1;

    /** An attempt has ended, well or not: its place is free again after this time. */
    void record(Duration time) {
        double last = time.toNanos() / 1e6;
        millis = millis < 0 ? last : millis + SMOOTHING_FACTOR * (last - millis);
    }

    /** An average in which the last ones count most; null as long as none has ended. */
    Long averageMillis() {
        return millis < 0 ? null : Math.max(1, Math.round(millis));
    }
}
