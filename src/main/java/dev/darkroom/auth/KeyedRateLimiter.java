package dev.darkroom.auth;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.EstimationProbe;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.concurrent.atomic.LongAdder;

/**
 * Rate limiter with one token bucket per key (bucket4j). Limits apply to this process alone. A bucket that was not used for its full
 * refill time is evicted: it would be full again. At most 100,000 keys are kept. Thread-safe and lock-free.
 */
public final class KeyedRateLimiter {
    private static final int MAX_KEYS = 100_000;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final Bandwidth bandwidth;
    private final TimeMeter clock;
    private final long capacity;
    private final Duration fullRefillTime;
    private final Cache<String, Bucket> buckets;
    private final LongAdder rejected = new LongAdder();

    /**
     * @param capacity maximum burst, at least 1
     * @param refill number of tokens added per {@code period}, at least 1
     * @param clock monotonic
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
     * Result of a request for a token.
     *
     * @param allowed whether a token was available
     * @param remaining number of tokens left
     * @param retryAfterSeconds whole seconds until the next token, at least 1; meaningful only if not allowed
     * @param resetAfterSeconds whole seconds until the bucket is full; after {@link #peek}, until the next token
     */
    public record Decision(boolean allowed, long remaining, long retryAfterSeconds, long resetAfterSeconds) {}

    /** Maximum number of tokens in a bucket. */
    public long capacity() {
        return capacity;
    }

    /**
     * Whole seconds until an empty bucket is full, at least 1. Rounded up: a client that sends {@link #capacity} requests in this time
     * is never rejected.
     */
    public long fullRefillSeconds() {
        return toWholeSeconds(fullRefillTime.toNanos());
    }

    /** Takes a token if one is available. */
    public Decision tryAcquire(String key) {
        ConsumptionProbe probe = bucket(key).tryConsumeAndReturnRemaining(1);
        countUnless(probe.isConsumed());
        return new Decision(
                probe.isConsumed(),
                probe.getRemainingTokens(),
                Math.max(1, toWholeSeconds(probe.getNanosToWaitForRefill())),
                toWholeSeconds(probe.getNanosToWaitForReset()));
    }

    /** Returns whether a token is available, without taking it. */
    public Decision peek(String key) {
        EstimationProbe probe = bucket(key).estimateAbilityToConsume(1);
        countUnless(probe.canBeConsumed());
        long wait = Math.max(1, toWholeSeconds(probe.getNanosToWaitForRefill()));
        return new Decision(probe.canBeConsumed(), probe.getRemainingTokens(), wait, wait);
    }

    private void countUnless(boolean allowed) {
        if (!allowed) {
            rejected.increment();
        }
    }

    /** Returns how often no token was available since the start of the process. */
    public long rejected() {
        return rejected.sum();
    }

    private Bucket bucket(String key) {
        return buckets.get(
                key,
                newKey -> Bucket.builder()
                        .addLimit(bandwidth)
                        .withCustomTimePrecision(clock)
                        .build());
    }

    private static long toWholeSeconds(long nanos) {
        return (nanos + NANOS_PER_SECOND - 1) / NANOS_PER_SECOND;
    }
}
