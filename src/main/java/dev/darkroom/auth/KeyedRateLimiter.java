package dev.darkroom.auth;

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
public final class KeyedRateLimiter {
    private static final int MAX_KEYS = 100_000;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final Bandwidth bandwidth;
    private final TimeMeter clock;
    private final long capacity;
    private final Duration fullRefillTime;
    private final Cache<String, Bucket> buckets;

    /**
     * @param capacity how often at once, at least 1
     * @param refill how often in the long run, in each {@code period}; at least 1
     */
    public KeyedRateLimiter(long capacity, long refill, Duration period, TimeMeter clock) {
        this.bandwidth = Bandwidth.builder()
                .capacity(capacity)
                .refillGreedy(refill, period)
                .build();
        this.clock = clock;
        this.capacity = capacity;
        this.fullRefillTime = Duration.ofNanos((long) Math.ceil((double) period.toNanos() * capacity / refill));
        this.buckets = Caffeine.newBuilder()
                .maximumSize(MAX_KEYS)
                .expireAfterAccess(fullRefillTime)
                .ticker(clock::currentTimeNanos)
                .executor(Runnable::run)
                .build();
    }

    /**
     * What came of asking.
     *
     * @param allowed whether it may be done
     * @param remaining how often it may be done at once after that
     * @param retryAfterSeconds whole seconds until it may be done again, at least 1; meaningful only when it may not
     * @param resetAfterSeconds whole seconds until nothing is remembered of what was done
     */
    public record Decision(boolean allowed, long remaining, long retryAfterSeconds, long resetAfterSeconds) {}

    /** How often at once. */
    public long capacity() {
        return capacity;
    }

    /**
     * In how many whole seconds an empty bucket is full again, at least 1. Rounded up: whoever keeps to so many in that time is
     * never refused.
     */
    public long fullRefillSeconds() {
        return toWholeSeconds(fullRefillTime.toNanos());
    }

    /** Does it, if it may be done. */
    public Decision tryAcquire(String who) {
        ConsumptionProbe probe = bucket(who).tryConsumeAndReturnRemaining(1);
        return new Decision(
                probe.isConsumed(),
                probe.getRemainingTokens(),
                Math.max(1, toWholeSeconds(probe.getNanosToWaitForRefill())),
                toWholeSeconds(probe.getNanosToWaitForReset()));
    }

    /** Whether it might be done, without doing it. */
    public Decision peek(String who) {
        EstimationProbe probe = bucket(who).estimateAbilityToConsume(1);
        long wait = Math.max(1, toWholeSeconds(probe.getNanosToWaitForRefill()));
        return new Decision(probe.canBeConsumed(), probe.getRemainingTokens(), wait, wait);
    }

    private Bucket bucket(String who) {
        return buckets.get(
                who,
                name -> Bucket.builder()
                        .addLimit(bandwidth)
                        .withCustomTimePrecision(clock)
                        .build());
    }

    private static long toWholeSeconds(long nanos) {
        return (nanos + NANOS_PER_SECOND - 1) / NANOS_PER_SECOND;
    }
}
