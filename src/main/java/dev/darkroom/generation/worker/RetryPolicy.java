package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.AttemptCounts;
import dev.darkroom.generation.RetryDecision;
import dev.darkroom.generation.RetryDecision.Fail;
import dev.darkroom.generation.RetryDecision.FailureReason;
import dev.darkroom.generation.RetryDecision.Retry;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * When a generation is tried again, and when it is given up. Pure: the same inputs and the same randomness give the same
 * decision. The delay is exponential with full jitter, laid on top of what the AI server asked for:
 *
 * <pre>delay = max(100 ms, min(Retry-After, maxRetryAfter)) + U(0, min(cap, base · 2^(n-1)))</pre>
 *
 * where n is the number of ended attempts, the last one included. Every attempt counts towards one of three limits, so that
 * their sum bounds the submissions of a generation. Full jitter because it makes the least total work of the usual
 * schemes when many retry at once (AWS Architecture Blog, "Exponential Backoff And Jitter").
 */
public final class RetryPolicy {
    private static final String DEADLINE_MESSAGE = "The time for this generation ran out.";
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
     * @param before the attempts before this one
     * @param probe whether the attempt was the breaker's probe: then it tells of the AI server, not of the generation
     * @param slowDown whether the backend's retry budget is used up: then only the widest window will do
     * @param timeLeft until the generation's deadline
     */
    RetryDecision decideAfterFailure(
            BackendFailure backendFailure, AttemptCounts before, boolean probe, boolean slowDown, Duration timeLeft) {
        if (!backendFailure.failureClass().retryable()) {
            return new Fail(
                    new FailureReason(
                            backendFailure.code(), backendFailure.failureClass(), backendFailure.message(), false),
                    true);
        }
        boolean counts = isCounted(backendFailure, probe);
        if (counts && before.counted() + 1 >= settings.maxAttempts()) {
            String message = "Given up after " + (before.counted() + 1) + " failed attempts. The last one: "
                    + backendFailure.message();
            return new Fail(
                    new FailureReason("ATTEMPTS_EXHAUSTED", backendFailure.failureClass(), message, true), true);
        }
        if (!counts && before.uncounted() + 1 >= settings.maxUncountedAttempts()) {
            return new Fail(uncountedExhausted(backendFailure, before), false);
        }
        Duration delay = computeDelay(
                slowDown ? settings.maxDelay() : jitterWindow(before.total() + 1), backendFailure.retryAfter());
        if (delay.compareTo(timeLeft) >= 0) {
            return new Fail(deadlineExceeded(backendFailure.failureClass(), backendFailure.message()), counts);
        }
        return new Retry(delay, counts);
    }

    /**
     * After an attempt that this process broke off because it stops. It is due again at once, for another process.
     *
     * @param before the attempts before this one
     */
    RetryDecision decideAfterInterruption(BackendFailure backendFailure, AttemptCounts before) {
        return before.uncounted() + 1 >= settings.maxUncountedAttempts()
                ? new Fail(uncountedExhausted(backendFailure, before), false)
                : new Retry(Duration.ZERO, false);
    }

    private static FailureReason uncountedExhausted(BackendFailure backendFailure, AttemptCounts before) {
        String message = "Given up after " + (before.total() + 1) + " attempts without success, "
                + (before.uncounted() + 1) + " of them for reasons that are not the generation's. The last one: "
                + backendFailure.message();
        return new FailureReason("ATTEMPTS_EXHAUSTED", backendFailure.failureClass(), message, true);
    }

    /**
     * After an attempt whose node died.
     *
     * @param lost attempts lost before this one
     */
    RetryDecision decideAfterLoss(int lost, Duration timeLeft) {
        if (lost + 1 >= settings.maxLostAttempts()) {
            String message = "Given up after " + (lost + 1) + " attempts whose process died.";
            return new Fail(new FailureReason("ATTEMPTS_LOST", FailureClass.AMBIGUOUS, message, false), false);
        }
        // The jitter spreads the work of a dead node; nothing is gained by waiting long.
        Duration delay = computeDelay(jitterWindow(1), null);
        if (delay.compareTo(timeLeft) >= 0) {
            return new Fail(deadlineExceeded(FailureClass.AMBIGUOUS), false);
        }
        return new Retry(delay, false);
    }

    /** The reason of a generation whose time ran out while it waited. */
    public static FailureReason deadlineExceeded(FailureClass lastFailure) {
        return new FailureReason("DEADLINE_EXCEEDED", lastFailure, DEADLINE_MESSAGE, true);
    }

    /** The same, after an attempt that failed with a message. */
    static FailureReason deadlineExceeded(FailureClass lastFailure, String message) {
        return new FailureReason(
                "DEADLINE_EXCEEDED", lastFailure, DEADLINE_MESSAGE + " The last attempt: " + message, true);
    }

    /**
     * Returns whether a failure may be the generation's fault. A rate limit, an AI server that cannot be reached, a failure
     * of our own and a probe are not: they have a limit of their own, {@code retry.maxUncountedAttempts}.
     */
    private static boolean isCounted(BackendFailure backendFailure, boolean probe) {
        return !probe
                && !backendFailure.rateLimited()
                && backendFailure.failureClass() != FailureClass.NOT_SENT
                && backendFailure.failureClass() != FailureClass.INTERNAL;
    }

    /** Exposed to the property tests of the schedule. */
    Duration computeDelay(Duration window, Duration retryAfter) {
        return minimumDelay(retryAfter).plusMillis((long) (random.getAsDouble() * window.toMillis()));
    }

    /** What the random part is laid on. */
    private Duration minimumDelay(Duration retryAfter) {
        if (retryAfter == null) {
            return MIN_DELAY;
        }
        Duration limit = settings.maxRetryAfter();
        Duration asked = retryAfter.compareTo(limit) > 0 ? limit : retryAfter;
        return asked.compareTo(MIN_DELAY) > 0 ? asked : MIN_DELAY;
    }

    /** The width of the window from which the random part is drawn, after so many attempts. */
    Duration jitterWindow(int attempts) {
        int exponent = Math.min(Math.max(attempts, 1) - 1, MAX_EXPONENT);
        long cap = settings.maxDelay().toMillis();
        long base = settings.initialDelay().toMillis();
        return Duration.ofMillis(base > cap >> exponent ? cap : base << exponent);
    }
}
