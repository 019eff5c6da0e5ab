package dev.darkroom.backend;

/**
 * How many retries a backend is worth: every failure costs, every success pays a little back. A backend whose failures
 * outnumber its successes by far runs out, and is then asked again only at the slowest pace, so that retries do not become
 * most of what a sick server gets. (The AWS SDKs' retry quota is the model.) Not thread-safe.
 */
final class RetryBudget {
    private static final int FULL = 100;
    private static final int FAILURE = 5;
    /** A call that timed out has held the server for longest. */
    private static final int TIMEOUT = 10;

    private static final int SUCCESS = 1;

    private int left = FULL;

    void succeeded() {
        left = Math.min(FULL, left + SUCCESS);
    }

    void failed(boolean timedOut) {
        left = Math.max(0, left - (timedOut ? TIMEOUT : FAILURE));
    }

    /** True when nothing is left for quick retries. */
    boolean exhausted() {
        return left == 0;
    }
}
