package dev.darkroom.backend;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * How long a backend is left alone after rate limits. A server that says how long is taken at its word, between one
 * second and the limit; one that does not gets 1 s, 2 s, 4 s … up to 30 s for as long as rate limits follow each other.
 * Not thread-safe.
 */
final class Pause {
    private static final Duration SHORTEST = Duration.ofSeconds(1);
    private static final Duration LONGEST_GUESS = Duration.ofSeconds(30);
    private static final int MAX_DOUBLINGS = 5;

    private final Duration maxRetryAfter;
    private final LongSupplier nanoTime;
    private boolean paused;
    private long begunAt;
    private long until;
    private int streak;

    Pause(Duration maxRetryAfter, LongSupplier nanoTime) {
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
    boolean extend(long callStartedAt, Duration asked) {
        long now = nanoTime.getAsLong();
        if (streak == 0 || callStartedAt - begunAt > 0) {
            streak++;
        }
        long end = now + length(asked).toNanos();
        boolean begins = !paused;
        if (begins) {
            paused = true;
            begunAt = now;
            until = end;
        } else if (end - until > 0) {
            until = end;
        }
        return begins;
    }

    private Duration length(Duration asked) {
        if (asked == null) {
            Duration guess = SHORTEST.multipliedBy(1L << Math.min(streak - 1, MAX_DOUBLINGS));
            return guess.compareTo(LONGEST_GUESS) > 0 ? LONGEST_GUESS : guess;
        }
        Duration capped = asked.compareTo(maxRetryAfter) > 0 ? maxRetryAfter : asked;
        return capped.compareTo(SHORTEST) < 0 ? SHORTEST : capped;
    }

    /** Zero when there is no pause. */
    Duration left() {
        return paused ? Duration.ofNanos(Math.max(0, until - nanoTime.getAsLong())) : Duration.ZERO;
    }

    /** The pause has passed. The streak stays: whether the server is patient again shows with the next call. */
    void over() {
        paused = false;
    }

    /** The server took work again. */
    void forgetStreak() {
        streak = 0;
    }
}
