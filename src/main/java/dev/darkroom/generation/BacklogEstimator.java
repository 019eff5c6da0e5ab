package dev.darkroom.generation;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Estimates waiting times from the number of waiting generations and the throughput of all live processes, as measured a few seconds
 * ago. Shared by the verticles of a process; thread-safe.
 *
 * <p>All times are estimates and assume constant throughput. Without a measured throughput there is no estimate, and no request is
 * rejected because of one.
 */
public final class BacklogEstimator {
    /** Upper limit for the count of waiting generations. */
    public static final long MAX_COUNTED = 100_000;

    private record Measurement(long waiting, double perSecond) {}

    private final AtomicLong acceptedSinceMeasurement = new AtomicLong();
    private volatile Measurement measurement = new Measurement(0, 0);

    /**
     * Replaces the measurement.
     *
     * @param waiting number of waiting generations
     * @param perSecond number of attempts that end per second, 0 when unknown
     */
    public void update(long waiting, double perSecond) {
        measurement = new Measurement(waiting, perSecond);
        acceptedSinceMeasurement.set(0);
    }

    /** Returns whether at least {@code limit} generations wait. */
    public boolean hasReached(long limit) {
        return measurement.waiting + acceptedSinceMeasurement.get() >= limit;
    }

    /** Counts a generation that was accepted after the measurement. */
    public void recordAccepted() {
        acceptedSinceMeasurement.incrementAndGet();
    }

    /** Returns the time until a generation starts with {@code ahead} others before it; empty when the throughput is unknown. */
    public Optional<Duration> estimateWait(long ahead) {
        double perSecond = measurement.perSecond;
        return perSecond > 0
                ? Optional.of(Duration.ofMillis((long) ((ahead + 1) / perSecond * 1000)))
                : Optional.empty();
    }

    /** Returns whether the whole backlog will take longer than {@code time}. Only then may a generation miss its deadline. */
    public boolean takesLongerThan(Duration time) {
        Measurement now = measurement;
        long waiting = now.waiting + acceptedSinceMeasurement.get();
        return waiting > 0 && now.perSecond > 0 && waiting > now.perSecond * time.toMillis() / 1000;
    }

    /** Returns the number of generations that can start within {@code time}. Meaningful only with a known throughput. */
    public long capacityWithin(Duration time) {
        return (long) (measurement.perSecond * time.toMillis() / 1000);
    }
}
