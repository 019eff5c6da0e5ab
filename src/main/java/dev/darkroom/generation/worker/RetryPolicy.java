package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.AttemptCounts;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.worker.RetryDecision.Fail;
import dev.darkroom.generation.worker.RetryDecision.Retry;
import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Decides whether a generation is retried, when, and when it fails. Pure functions: the same inputs and random numbers give the same
 * decision. The retry delay is an exponential backoff with full jitter, added to the delay that the AI server requested:
 *
 * <pre>delay = max(100 ms, min(Retry-After, maxRetryAfter)) + U(0, min(maxDelay, initialDelay · 2^(n-1)))</pre>
 *
 * where n is the number of ended attempts, including the last one. Exceptions: n is 1 after a lost attempt, n is 1 and Retry-After is
 * ignored when another AI server can make the next attempt at once, the upper limit is {@code
 * maxDelay} while the retry budget of the backend is exhausted, and there is no delay after an interrupted attempt. Every attempt counts
 * towards one of three limits, so that their sum bounds the submissions of a generation. Full jitter causes the least total load of the
 * common schemes when many generations retry at the same time (AWS Architecture Blog, "Exponential Backoff And Jitter").
 */
public final class RetryPolicy {
    private static final String DEADLINE_MESSAGE = "The generation exceeded its deadline.";
    static final Duration MIN_DELAY = Duration.ofMillis(100);

    /** 2^62 is the largest power of two in a long. Every initial delay reaches the maximum before. */
    private static final int MAX_EXPONENT = 62;

    private final Settings.Retry settings;
    private final DoubleSupplier random;

    /** @param random uniform in [0, 1) */
    RetryPolicy(Settings.Retry settings, DoubleSupplier random) {
        this.settings = settings;
        this.random = random;
    }

    /**
     * Conditions of the backend after a failed attempt.
     *
     * @param probe whether the attempt was the probe of a half-open circuit breaker; its failure is attributed to the AI server
     * @param retryBudgetExhausted whether the retry budget of the backend is exhausted; then the delay uses the widest jitter window
     * @param alternative whether another backend accepts calls, so that a refusal by this one is not final
     * @param freeAlternative whether another backend can start the next attempt now; then the delay is that of a first retry
     */
    record BackendConditions(
            boolean probe, boolean retryBudgetExhausted, boolean alternative, boolean freeAlternative) {
        /** Conditions without information about the backend. */
        static final BackendConditions NONE = new BackendConditions(false, false, false, false);
    }

    /**
     * Decides after a failed attempt.
     *
     * @param before attempts before this one
     * @param timeLeft time until the deadline of the generation
     */
    RetryDecision decideAfterFailure(
            BackendFailure backendFailure, AttemptCounts before, BackendConditions conditions, Duration timeLeft) {
        boolean failsOver = conditions.alternative() && backendFailure.failureClass() == FailureClass.TERMINAL_AUTH;
        if (!backendFailure.failureClass().retryable() && !failsOver) {
            return new Fail(
                    new GenerationError(
                            backendFailure.code(), backendFailure.failureClass(), backendFailure.message(), false),
                    true);
        }
        boolean counts = isCounted(backendFailure, conditions.probe());
        if (counts && before.counted() + 1 >= settings.maxAttempts()) {
            String message =
                    "Failed after " + (before.counted() + 1) + " attempts. Last failure: " + backendFailure.message();
            return new Fail(
                    new GenerationError("ATTEMPTS_EXHAUSTED", backendFailure.failureClass(), message, true), true);
        }
        if (!counts && before.uncounted() + 1 >= settings.maxUncountedAttempts()) {
            return new Fail(uncountedExhausted(backendFailure, before), false);
        }
        Duration delay = conditions.freeAlternative()
                ? computeDelay(jitterWindow(1), null)
                : computeDelay(
                        conditions.retryBudgetExhausted() ? settings.maxDelay() : jitterWindow(before.total() + 1),
                        backendFailure.retryAfter());
        if (delay.compareTo(timeLeft) >= 0) {
            return new Fail(deadlineExceeded(backendFailure.failureClass(), backendFailure.message()), counts);
        }
        return new Retry(delay, counts);
    }

    /**
     * Decides after an attempt that this process aborted because it stops. The generation is due again immediately, for another process.
     *
     * @param before attempts before this one
     */
    RetryDecision decideAfterInterruption(BackendFailure backendFailure, AttemptCounts before) {
        return before.uncounted() + 1 >= settings.maxUncountedAttempts()
                ? new Fail(uncountedExhausted(backendFailure, before), false)
                : new Retry(Duration.ZERO, false);
    }

    private static GenerationError uncountedExhausted(BackendFailure backendFailure, AttemptCounts before) {
        String message = "Failed after " + (before.total() + 1) + " attempts, " + (before.uncounted() + 1)
                + " of them for reasons unrelated to the generation. Last failure: " + backendFailure.message();
        return new GenerationError("ATTEMPTS_EXHAUSTED", backendFailure.failureClass(), message, true);
    }

    /**
     * Decides after an attempt that was lost because its node died.
     *
     * @param lost attempts lost before this one
     */
    RetryDecision decideAfterLoss(int lost, Duration timeLeft) {
        if (lost + 1 >= settings.maxLostAttempts()) {
            String message = "Failed after " + (lost + 1) + " attempts: the process died each time.";
            return new Fail(new GenerationError("ATTEMPTS_LOST", FailureClass.AMBIGUOUS, message, false), false);
        }
        // The jitter spreads the jobs of a dead node. A longer delay has no benefit.
        Duration delay = computeDelay(jitterWindow(1), null);
        if (delay.compareTo(timeLeft) >= 0) {
            return new Fail(deadlineExceeded(FailureClass.AMBIGUOUS), false);
        }
        return new Retry(delay, false);
    }

    /** Ends a generation because nobody can tell whether the AI server made its images. */
    static Fail giveUp(BackendFailure backendFailure) {
        String message = BackendCaller.OUTCOME_UNKNOWN.message()
                + (backendFailure.equals(BackendCaller.OUTCOME_UNKNOWN)
                        ? ""
                        : " Last failure: " + backendFailure.message());
        return new Fail(
                new GenerationError(BackendCaller.OUTCOME_UNKNOWN.code(), FailureClass.AMBIGUOUS, message, true), true);
    }

    /** Ends a generation for which no budget is left. A retry may succeed in the next period. */
    static Fail budgetExceeded(BackendFailure backendFailure) {
        return new Fail(
                new GenerationError(
                        backendFailure.code(), backendFailure.failureClass(), backendFailure.message(), true),
                false);
    }

    /** Returns the failure reason of a generation that waited past its deadline. */
    public static GenerationError deadlineExceeded(FailureClass lastFailure) {
        return new GenerationError("DEADLINE_EXCEEDED", lastFailure, DEADLINE_MESSAGE, true);
    }

    /** As {@link #deadlineExceeded(FailureClass)}, with the message of the last failed attempt. */
    static GenerationError deadlineExceeded(FailureClass lastFailure, String message) {
        return new GenerationError(
                "DEADLINE_EXCEEDED", lastFailure, DEADLINE_MESSAGE + " Last failure: " + message, true);
    }

    /**
     * Returns whether the generation may have caused the failure. Rate limits, unreachable AI servers, internal failures and probes do
     * not count here; they have a separate limit, {@code retry.maxUncountedAttempts}.
     */
    private static boolean isCounted(BackendFailure backendFailure, boolean probe) {
        return !probe
                && !backendFailure.rateLimited()
                && switch (backendFailure.failureClass()) {
                    case NOT_SENT, RESULT_STORE, INTERNAL -> false;
                    default -> true;
                };
    }

    /** Returns the delay for a jitter window. Visible for the property tests. */
    Duration computeDelay(Duration window, Duration retryAfter) {
        return minimumDelay(retryAfter).plusMillis((long) (random.getAsDouble() * window.toMillis()));
    }

    /** Returns the fixed part of the delay, to which the jitter is added. */
    private Duration minimumDelay(Duration retryAfter) {
        if (retryAfter == null) {
            return MIN_DELAY;
        }
        Duration limit = settings.maxRetryAfter();
        Duration capped = retryAfter.compareTo(limit) > 0 ? limit : retryAfter;
        return capped.compareTo(MIN_DELAY) > 0 ? capped : MIN_DELAY;
    }

    /** Returns the width of the jitter window after a number of attempts. */
    Duration jitterWindow(int attempts) {
        int exponent = Math.min(Math.max(attempts, 1) - 1, MAX_EXPONENT);
        long maxMillis = settings.maxDelay().toMillis();
        long initialMillis = settings.initialDelay().toMillis();
        return Duration.ofMillis(initialMillis > maxMillis >> exponent ? maxMillis : initialMillis << exponent);
    }
}
