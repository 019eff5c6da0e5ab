package dev.darkroom.backend;

/**
 * How many retries a backend is worth: every failure costs, every success pays a little back. A backend whose failures
 * outnumber its successes by far runs out, and is then asked again only at the slowest pace, so that retries do not become
 * most of what a sick server gets. (The AWS SDKs' retry quota is the model.) Not thread-safe.
 */
final class RetryBudget {
    private static final int CAPACITY = 100;
    private static final int FAILURE_COST = 5;
    /** A call that timed out has held the server for longest. */
    private static final int TIMEOUT_COST = 10;

    private static final int SUCCESS_REFUND = 1;

    private int remaining = CAPACITY;

    void recordSuccess() {
        remaining = Math.min(CAPACITY, remaining + SUCCESS_REFUND);
    }

    void recordFailure(boolean timedOut) {
        remaining = Math.max(0, remaining - (timedOut ? TIMEOUT_COST : FAILURE_COST));
    }

    /** True when nothing is left for quick retries. */
    boolean exhausted() {
        return remaining == 0;
    }
}
