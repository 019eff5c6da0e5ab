package dev.darkroom.backend;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How long a backend is left alone after rate limits. A server that says how long is taken at its word, between one
 * second and the limit; one that does not gets 1 s, 2 s, 4 s … up to 30 s for as long as rate limits follow each other.
 * Not thread-safe.
 */
final class RateLimitPause {
    private static final Duration MIN_PAUSE = Duration.ofSeconds(1);
    private static final Duration MAX_DEFAULT_PAUSE = Duration.ofSeconds(30);
    private static final int MAX_DOUBLINGS = 5;

    private final Duration maxRetryAfter;
    private final LongSupplier nanoTime;
    private boolean paused;
    private long startedAt;
    private long endsAt;
    private int consecutiveRateLimits;

    RateLimitPause(Duration maxRetryAfter, LongSupplier nanoTime) {
        this.maxRetryAfter = maxRetryAfter;
        this.nanoTime = nanoTime;
    }

    /**
     * Takes a rate limit into account. Calls that were already under way when the pause began belong to the same burst:
     * they may make it longer, but not grow the next guess.
     *
     * @param callStartedAt by the same clock
     * @param asked what the server asked for, null when it did not say
     * @return true when a pause begins, false when one under way went on or grew longer
     */
    boolean recordRateLimit(long callStartedAt, Duration asked) {
        long now = nanoTime.getAsLong();
        if (consecutiveRateLimits == 0 || callStartedAt - startedAt > 0) {
            consecutiveRateLimits++;
        }
        long end = now + pauseDuration(asked).toNanos();
        boolean begins = !paused;
        if (begins) {
            paused = true;
            startedAt = now;
            endsAt = end;
        } else if (end - endsAt > 0) {
            endsAt = end;
        }
        return begins;
    }

    private Duration pauseDuration(Duration asked) {
        if (asked == null) {
            Duration guess = MIN_PAUSE.multipliedBy(1L << Math.min(consecutiveRateLimits - 1, MAX_DOUBLINGS));
            return guess.compareTo(MAX_DEFAULT_PAUSE) > 0 ? MAX_DEFAULT_PAUSE : guess;
        }
        Duration capped = asked.compareTo(maxRetryAfter) > 0 ? maxRetryAfter : asked;
        return capped.compareTo(MIN_PAUSE) < 0 ? MIN_PAUSE : capped;
    }

    /** Zero when there is no pause. */
    Duration remaining() {
        return paused ? Duration.ofNanos(Math.max(0, endsAt - nanoTime.getAsLong())) : Duration.ZERO;
    }

    /** The pause has passed. The streak stays: whether the server is patient again shows with the next call. */
    void finish() {
        paused = false;
    }

    /** The server took work again. */
    void resetBackoff() {
        consecutiveRateLimits = 0;
    }
}
