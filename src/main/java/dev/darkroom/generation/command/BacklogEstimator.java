package dev.darkroom.generation.command;

import dev.darkroom.generation.store.SubmissionStore.Backlog;
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
    private final AtomicLong acceptedSinceMeasurement = new AtomicLong();
    private volatile Backlog measurement = new Backlog(0, 0);

    /** Replaces the measurement. */
    public void update(Backlog measured) {
        measurement = measured;
        acceptedSinceMeasurement.set(0);
    }

    /** Returns whether at least {@code limit} generations wait. */
    public boolean hasReached(long limit) {
        return measurement.waiting() + acceptedSinceMeasurement.get() >= limit;
    }

    /** Counts a generation that was accepted after the measurement. */
    public void recordAccepted() {
        acceptedSinceMeasurement.incrementAndGet();
    }

    /** Returns the time until a generation starts with {@code ahead} others before it; empty when the throughput is unknown. */
    public Optional<Duration> estimateWait(long ahead) {
        double perSecond = measurement.perSecond();
        return perSecond > 0
                ? Optional.of(Duration.ofMillis((long) ((ahead + 1) / perSecond * 1000)))
                : Optional.empty();
    }

    /** Returns whether the whole backlog will take longer than {@code time}. Only then may a generation miss its deadline. */
    public boolean takesLongerThan(Duration time) {
        Backlog now = measurement;
        long waiting = now.waiting() + acceptedSinceMeasurement.get();
        return waiting > 0 && now.perSecond() > 0 && waiting > now.perSecond() * time.toMillis() / 1000;
    }

    /** Returns the number of generations that can start within {@code time}. Meaningful only with a known throughput. */
    public long capacityWithin(Duration time) {
        return (long) (measurement.perSecond() * time.toMillis() / 1000);
    }
}
