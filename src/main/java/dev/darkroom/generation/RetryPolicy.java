package dev.darkroom.generation;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.RetryDecision.Fail;
import dev.darkroom.generation.RetryDecision.Reason;
import dev.darkroom.generation.RetryDecision.Retry;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * When a generation is tried again, and when it is given up. Pure: the same inputs and the same randomness give the same
 * decision. The delay is exponential with full jitter, laid on top of what the AI server asked for:
 *
 * <pre>delay = max(100 ms, min(Retry-After, maxRetryAfter)) + U(0, min(cap, base · 2^(n-1)))</pre>
 *
 * where n is the number of counted failures, at least 1. Full jitter because it makes the least total work of the usual
 * schemes when many retry at once (AWS Architecture Blog, "Exponential Backoff And Jitter").
 */
final class RetryPolicy {
    static final Duration MIN_DELAY = Duration.ofMillis(100);

    /** 2^62 is the last power of two that a long holds: whatever the base, the cap is reached by then. */
    private static final int MAX_EXPONENT = 62;

    private final Settings.Retry settings;
    private final DoubleSupplier random;

    /** @param random uniform in [0, 1) */
    RetryPolicy(Settings.Retry settings, DoubleSupplier random) {
        this.settings = settings;
        this.random = random;
    }

    /**
     * After an attempt that failed.
     *
     * @param counted failures counted before this attempt
     * @param probe whether the attempt was the breaker's probe: then it tells of the AI server, not of the generation
     * @param slowDown whether the backend's retry budget is used up: then only the widest window will do
     * @param timeLeft until the generation's deadline
     */
    RetryDecision afterFailure(Failure failure, int counted, boolean probe, boolean slowDown, Duration timeLeft) {
        if (!failure.failureClass().retryable()) {
            return new Fail(new Reason(failure.code(), failure.failureClass(), failure.message(), false), true);
        }
        boolean counts = counts(failure, probe);
        int failures = counted + (counts ? 1 : 0);
        // What does not count cannot exhaust, even where an operator has lowered the limit below what is already
        // counted.
        if (counts && failures >= settings.maxAttempts()) {
            String message = "Given up after " + failures + " failed attempts. The last one: " + failure.message();
            return new Fail(new Reason("ATTEMPTS_EXHAUSTED", failure.failureClass(), message, true), counts);
        }
        Duration delay = delay(slowDown ? settings.cap() : window(failures), failure.retryAfter());
        if (delay.compareTo(timeLeft) >= 0) {
            return new Fail(deadlineExceeded(failure.failureClass()), counts);
        }
        return new Retry(delay, counts);
    }

    /**
     * After an attempt whose node died.
     *
     * @param lost attempts lost before this one
     */
    RetryDecision afterLoss(int lost, Duration timeLeft) {
        if (lost + 1 >= settings.maxLost()) {
            String message = "Given up after " + (lost + 1) + " attempts whose process died.";
            return new Fail(new Reason("ATTEMPTS_LOST", FailureClass.AMBIGUOUS, message, false), false);
        }
        // The jitter spreads the work of a dead node; nothing is gained by waiting long.
        Duration delay = delay(window(1), null);
        if (delay.compareTo(timeLeft) >= 0) {
            return new Fail(deadlineExceeded(FailureClass.AMBIGUOUS), false);
        }
        return new Retry(delay, false);
    }

    /** The reason of a generation whose time ran out. */
    static Reason deadlineExceeded(FailureClass lastFailure) {
        return new Reason("DEADLINE_EXCEEDED", lastFailure, "The time for this generation ran out.", true);
    }

    /**
     * A rate limit and an AI server that cannot be reached say nothing about the generation, and neither does a probe: an
     * outage alone must not use attempts up.
     */
    private static boolean counts(Failure failure, boolean probe) {
        return !probe && !failure.rateLimited() && failure.failureClass() != FailureClass.NOT_SENT;
    }

    /** Exposed to the property tests of the schedule. */
    Duration delay(Duration window, Duration retryAfter) {
        return floor(retryAfter).plusMillis((long) (random.getAsDouble() * window.toMillis()));
    }

    /** What the random part is laid on. */
    private Duration floor(Duration retryAfter) {
        if (retryAfter == null) {
            return MIN_DELAY;
        }
        Duration limit = settings.maxRetryAfter();
        Duration asked = retryAfter.compareTo(limit) > 0 ? limit : retryAfter;
        return asked.compareTo(MIN_DELAY) > 0 ? asked : MIN_DELAY;
    }

    /** The width of the window from which the random part is drawn. */
    Duration window(int counted) {
        int exponent = Math.min(Math.max(counted, 1) - 1, MAX_EXPONENT);
        long cap = settings.cap().toMillis();
        long base = settings.base().toMillis();
        return Duration.ofMillis(base > cap >> exponent ? cap : base << exponent);
    }
}
