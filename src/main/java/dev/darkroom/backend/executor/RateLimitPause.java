package dev.darkroom.backend.executor;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Pause of a backend after rate limits. A {@code Retry-After} of the server is used, limited to at least one second and
 * at most the configured maximum. Without one the pause is 1 s, 2 s, 4 s … up to 30 s for consecutive rate limits. Not
 * thread-safe.
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
     * Records a rate limit. A call that started before the pause belongs to the same burst: it may extend the pause but
     * does not increase the backoff.
     *
     * @param callStartedAt start of the call in nanoseconds of the same clock
     * @param retryAfter delay requested by the server, null when it requested none
     * @return true when a pause begins, false when the current one continues or is extended
     */
    boolean recordRateLimit(long callStartedAt, Duration retryAfter) {
        long now = nanoTime.getAsLong();
        if (consecutiveRateLimits == 0 || callStartedAt - startedAt > 0) {
            consecutiveRateLimits++;
        }
        long end = now + pauseDuration(retryAfter).toNanos();
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

    private Duration pauseDuration(Duration retryAfter) {
        if (retryAfter == null) {
            Duration backoff = MIN_PAUSE.multipliedBy(1L << Math.min(consecutiveRateLimits - 1, MAX_DOUBLINGS));
            return backoff.compareTo(MAX_DEFAULT_PAUSE) > 0 ? MAX_DEFAULT_PAUSE : backoff;
        }
        Duration capped = retryAfter.compareTo(maxRetryAfter) > 0 ? maxRetryAfter : retryAfter;
        return capped.compareTo(MIN_PAUSE) < 0 ? MIN_PAUSE : capped;
    }

    /** Returns the rest of the pause; zero when there is none. */
    Duration remaining() {
        return paused ? Duration.ofNanos(Math.max(0, endsAt - nanoTime.getAsLong())) : Duration.ZERO;
    }

    /** Ends the pause. Keeps the backoff, since only the next call shows whether the rate limit is over. */
    void finish() {
        paused = false;
    }

    /** Resets the backoff after a successful call. */
    void resetBackoff() {
        consecutiveRateLimits = 0;
    }
}
