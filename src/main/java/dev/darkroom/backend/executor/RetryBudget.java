package dev.darkroom.backend.executor;

/**
 * Token bucket that limits fast retries of one backend: a failure costs tokens, a success refunds one. While the bucket is
 * empty, generations are retried at the slowest pace, so that retries do not dominate the load of a failing server. Modeled
 * on the retry quota of the AWS SDKs. Not thread-safe.
 */
final class RetryBudget {
    private static final int CAPACITY = 100;
    private static final int FAILURE_COST = 5;
    /** A call that timed out occupied the server the longest. */
    private static final int TIMEOUT_COST = 10;

    private static final int SUCCESS_REFUND = 1;

    private int remaining = CAPACITY;

    void recordSuccess() {
        remaining = Math.min(CAPACITY, remaining + SUCCESS_REFUND);
    }

    void recordFailure(boolean timedOut) {
        remaining = Math.max(0, remaining - (timedOut ? TIMEOUT_COST : FAILURE_COST));
    }

    /** Returns true when no token is left for fast retries. */
    boolean exhausted() {
        return remaining == 0;
    }
}
