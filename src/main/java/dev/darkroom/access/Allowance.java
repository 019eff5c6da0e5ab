package dev.darkroom.access;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.EstimationProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;

/**
 * How often each of many may do something: a bucket of tokens for each, which fills steadily (bucket4j). Of this process alone.
 * Thread-safe and without locks; whoever has not been here for long is forgotten, their bucket being full again by then.
 */
public final class Allowance {
    private static final int KNOWN = 100_000;
    private static final long NANOS_OF_A_SECOND = 1_000_000_000L;

    private final Bandwidth bandwidth;
    private final TimeMeter clock;
    private final long capacity;
    private final Duration untilFull;
    private final Cache<String, Bucket> buckets;

    /**
     * @param capacity how often at once, at least 1
     * @param refill how often in the long run, in each {@code period}; at least 1
     */
    public Allowance(long capacity, long refill, Duration period, TimeMeter clock) {
        this.bandwidth = Bandwidth.builder()
                .capacity(capacity)
                .refillGreedy(refill, period)
                .build();
        this.clock = clock;
        this.capacity = capacity;
        this.untilFull = Duration.ofNanos((long) Math.ceil((double) period.toNanos() * capacity / refill));
        this.buckets = Caffeine.newBuilder()
                .maximumSize(KNOWN)
                .expireAfterAccess(untilFull)
                .ticker(clock::currentTimeNanos)
                .executor(Runnable::run)
                .build();
    }

    /**
     * What came of asking.
     *
     * @param granted whether it may be done
     * @param left how often it may be done at once after that
     * @param secondsUntilOne whole seconds until it may be done again, at least 1; meaningful only when it may not
     * @param secondsUntilFull whole seconds until nothing is remembered of what was done
     */
    public record Answer(boolean granted, long left, long secondsUntilOne, long secondsUntilFull) {}

    /** How often at once. */
    public long capacity() {
        return capacity;
    }

    /**
     * In how many whole seconds an empty bucket is full again, at least 1. Rounded up: whoever keeps to so many in that time is
     * never refused.
     */
    public long secondsUntilFull() {
        return seconds(untilFull.toNanos());
    }

    /** Does it, if it may be done. */
    public Answer take(String who) {
        ConsumptionProbe probe = bucket(who).tryConsumeAndReturnRemaining(1);
        return new Answer(
                probe.isConsumed(),
                probe.getRemainingTokens(),
                Math.max(1, seconds(probe.getNanosToWaitForRefill())),
                seconds(probe.getNanosToWaitForReset()));
    }

    /** Whether it might be done, without doing it. */
    public Answer ask(String who) {
        EstimationProbe probe = bucket(who).estimateAbilityToConsume(1);
        long wait = Math.max(1, seconds(probe.getNanosToWaitForRefill()));
        return new Answer(probe.canBeConsumed(), probe.getRemainingTokens(), wait, wait);
    }

    private Bucket bucket(String who) {
        return buckets.get(
                who,
                name -> Bucket.builder()
                        .addLimit(bandwidth)
                        .withCustomTimePrecision(clock)
                        .build());
    }

    private static long seconds(long nanos) {
        return (nanos + NANOS_OF_A_SECOND - 1) / NANOS_OF_A_SECOND;
    }
}
