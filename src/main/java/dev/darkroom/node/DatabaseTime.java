package dev.darkroom.node;

import io.vertx.core.Future;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Estimate of the database clock for measurements, from readings and the monotonic clock of the process. The error is at most half of the
 * duration of the best recent reading. Thread-safe.
 */
public final class DatabaseTime {
    /** Age from which any newer reading replaces a reading, because the clocks may drift. */
    private static final Duration MAX_AGE = Duration.ofMinutes(1);

    private final LongSupplier nanoClock;
    private volatile Reading best;

    /** @param at time of the process in the middle of the reading, in nanoseconds */
    private record Reading(OffsetDateTime time, long at, long duration) {
        OffsetDateTime timeAt(long nanoTime) {
            return time.plusNanos(nanoTime - at);
        }
    }

    /** @param nanoClock monotonic, in nanoseconds */
    DatabaseTime(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** Returns a reader that also updates this estimate. */
    Supplier<Future<OffsetDateTime>> observe(Supplier<Future<OffsetDateTime>> clockReader) {
        return () -> {
            long sent = nanoClock.getAsLong();
            return clockReader.get().onSuccess(time -> record(time, sent, nanoClock.getAsLong()));
        };
    }

    private void record(OffsetDateTime time, long sent, long received) {
        Reading current = best;
        Reading latest = new Reading(time, (sent + received) / 2, received - sent);
        if (current == null
                || latest.duration() <= current.duration()
                || latest.at() - current.at() > MAX_AGE.toNanos()
                || contradict(current, latest)) {
            best = latest;
        }
    }

    /** Returns whether both readings cannot be of the same clock, as after a step. */
    private static boolean contradict(Reading one, Reading other) {
        long difference =
                Math.abs(Duration.between(one.timeAt(other.at()), other.time()).toNanos());
        return difference > one.duration() + other.duration();
    }

    /** Returns the time since a timestamp of the database; never negative. Empty before the first reading. */
    public Optional<Duration> since(OffsetDateTime timestamp) {
        return Optional.ofNullable(best).map(reading -> {
            Duration age = Duration.between(timestamp, reading.timeAt(nanoClock.getAsLong()));
            return age.isNegative() ? Duration.ZERO : age;
        });
    }
}
