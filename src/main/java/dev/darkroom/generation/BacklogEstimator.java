package dev.darkroom.generation;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How much waits, and how fast all live processes together work it off, as measured a few seconds ago. Shared by the
 * verticles of a process; thread-safe.
 *
 * <p>All that is said of times is an estimate: it takes the future for like the past. Where nothing has been measured, or
 * nobody works now, nothing is said, and nobody refused for it.
 */
public final class BacklogEstimator {
    /** More than this are not counted. */
    public static final long MAX_COUNTED = 100_000;

    private record Measurement(long waiting, double perSecond) {}

    private final AtomicLong acceptedSinceMeasurement = new AtomicLong();
    private volatile Measurement measurement = new Measurement(0, 0);

    /**
     * @param waiting how many wait
     * @param perSecond how many attempts end in a second, 0 when that is not known
     */
    public void update(long waiting, double perSecond) {
        measurement = new Measurement(waiting, perSecond);
        acceptedSinceMeasurement.set(0);
    }

    /** Whether so many wait. */
    public boolean hasReached(long most) {
        return measurement.waiting + acceptedSinceMeasurement.get() >= most;
    }

    /** One more waits. */
    public void recordAccepted() {
        acceptedSinceMeasurement.incrementAndGet();
    }

    /** How long it will take until a generation with so many before it is begun; empty when nothing is known of it. */
    public Optional<Duration> estimateWait(long ahead) {
        double perSecond = measurement.perSecond;
        return perSecond > 0
                ? Optional.of(Duration.ofMillis((long) ((ahead + 1) / perSecond * 1000)))
                : Optional.empty();
    }

    /** Whether all that waits will take longer than this: only then may somebody's turn come too late. */
    public boolean takesLongerThan(Duration time) {
        Measurement now = measurement;
        long waiting = now.waiting + acceptedSinceMeasurement.get();
        return waiting > 0 && now.perSecond > 0 && waiting > now.perSecond * time.toMillis() / 1000;
    }

    /** After how many others a generation can still be begun in time; meaningful only where something is known. */
    public long capacityWithin(Duration time) {
        return (long) (measurement.perSecond * time.toMillis() / 1000);
    }
}
