package dev.darkroom.backend.executor;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Decides whether calls to one AI server may start, apart from its circuit breaker and concurrency: a drain by an administrator, the pauses of
 * budgets and rate limits, and the maximum number of calls in a minute. Thread-safe. Timers notify the listener when calls may start again.
 */
final class CallAdmission {
    /** Time after refused credentials in which other AI servers are preferred. */
    private static final Duration REFUSAL_COOLDOWN = Duration.ofSeconds(30);

    private final Vertx vertx;
    private final BackendEventPublisher events;
    private final LongSupplier nanoTime;
    private final Runnable listener;

    // Guarded by this.
    private final CallRateLimit callRateLimit;
    private final RateLimitPause rateLimitPause;
    private boolean drained;
    /** Until this time calls are refused for lack of permission or quota. Null before the first refusal. */
    private Long refusedUntil;
    /** Until this time no call starts, because a budget is exhausted. Null before the first pause. */
    private Long pausedUntil;

    /**
     * @param requestsPerMinute maximum number of calls in a minute; 0 for no limit
     * @param maxRetryAfter the longest pause that an AI server can request
     * @param nanoTime clock in nanoseconds, see {@link System#nanoTime()}
     * @param listener called after every change, on any thread, without the lock of this class
     */
    CallAdmission(
            Vertx vertx,
            BackendEventPublisher events,
            int requestsPerMinute,
            Duration maxRetryAfter,
            LongSupplier nanoTime,
            Runnable listener) {
        this.vertx = vertx;
        this.events = events;
        this.nanoTime = nanoTime;
        this.listener = listener;
        this.callRateLimit = new CallRateLimit(requestsPerMinute, nanoTime);
        this.rateLimitPause = new RateLimitPause(maxRetryAfter, nanoTime);
    }

    /** Returns how many calls may start now. */
    synchronized int availableCalls() {
        boolean paused = pausedUntil != null && nanoTime.getAsLong() - pausedUntil < 0;
        return drained || paused || !rateLimitPause.remaining().isZero() ? 0 : callRateLimit.available();
    }

    /** Returns whether the AI server has just refused the credentials, or for lack of permission or quota. */
    synchronized boolean refusesAccess() {
        return refusedUntil != null && nanoTime.getAsLong() - refusedUntil < 0;
    }

    /** Returns whether an administrator stopped the start of calls. */
    synchronized boolean drained() {
        return drained;
    }

    /** Stops or permits the start of calls, by order of an administrator. */
    void setDrained(boolean value) {
        synchronized (this) {
            if (drained == value) {
                return;
            }
            drained = value;
        }
        if (value) {
            events.publishDrained();
        } else {
            events.publishEnabled();
        }
        listener.run();
    }

    /** Starts no call for a time, because a budget is exhausted. Never shortens an earlier pause. */
    void pause(Duration time) {
        synchronized (this) {
            long end = nanoTime.getAsLong() + time.toNanos();
            if (pausedUntil == null || end - pausedUntil > 0) {
                pausedUntil = end;
            }
        }
        scheduleChange(time);
        listener.run();
    }

    /** Returns the rest of the rate limit pause; zero when there is none. */
    synchronized Duration remainingPause() {
        return rateLimitPause.remaining();
    }

    /** Counts a call that starts now. */
    synchronized void recordCall() {
        callRateLimit.recordCall().ifPresent(this::scheduleChange);
    }

    /**
     * Records the outcome of a submission. A rate limit pauses all calls.
     *
     * @param callStartedAt start of the call in nanoseconds of the same clock
     */
    void recordOutcome(long callStartedAt, BackendOutcome backendOutcome) {
        if (backendOutcome instanceof BackendOutcome.Generated) {
            recordSuccess();
        } else if (backendOutcome instanceof BackendOutcome.Failed failed) {
            recordFailure(callStartedAt, failed.backendFailure());
        }
    }

    private synchronized void recordSuccess() {
        rateLimitPause.resetBackoff();
        refusedUntil = null;
    }

    private void recordFailure(long callStartedAt, BackendFailure backendFailure) {
        boolean begins;
        Duration remaining;
        synchronized (this) {
            if (backendFailure.failureClass() == FailureClass.TERMINAL_AUTH) {
                refusedUntil = nanoTime.getAsLong() + REFUSAL_COOLDOWN.toNanos();
            }
            begins = backendFailure.rateLimited()
                    && rateLimitPause.recordRateLimit(callStartedAt, backendFailure.retryAfter());
            remaining = rateLimitPause.remaining();
        }
        if (begins) {
            events.publishPaused(remaining);
            scheduleResume(remaining);
        }
    }

    private void scheduleChange(Duration delay) {
        vertx.setTimer(delay.toMillis() + 1, timer -> listener.run());
    }

    private void scheduleResume(Duration delay) {
        vertx.setTimer(delay.toMillis() + 1, timer -> {
            Duration remaining;
            synchronized (this) {
                remaining = rateLimitPause.remaining();
                if (remaining.isZero()) {
                    rateLimitPause.finish();
                }
            }
            if (!remaining.isZero()) {
                // A later rate limit extended the pause.
                scheduleResume(remaining);
                return;
            }
            events.publishResumed();
            listener.run();
        });
    }
}
