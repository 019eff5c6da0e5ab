package dev.darkroom.backend.executor;

import dev.darkroom.config.BackendSettings;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * Sliding window of recent calls that decides when the circuit breaker opens. Counts calls in buckets of time, so that its
 * size is constant. The failure rate decides and not the number of consecutive failures: a server that fails four of five
 * calls is unhealthy even when every fifth call succeeds. Not thread-safe.
 */
final class SlidingWindow {
    private static final int BUCKETS = 10;

    private final BackendSettings.Breaker settings;
    private final LongSupplier nanoTime;
    private final long bucketNanos;
    private final long[] epochs = new long[BUCKETS];
    private final int[] calls = new int[BUCKETS];
    private final int[] failures = new int[BUCKETS];
    private final int[] slowCalls = new int[BUCKETS];
    private int connectionFailures;

    SlidingWindow(BackendSettings.Breaker settings, LongSupplier nanoTime) {
        this.settings = settings;
        this.nanoTime = nanoTime;
        this.bucketNanos = Math.max(1, settings.window().toNanos() / BUCKETS);
        clear();
    }

    /** Records a successful call of any duration. */
    void recordSuccess(Duration duration) {
        connectionFailures = 0;
        addCall(0, duration);
    }

    /**
     * Records a call that failed because of the server.
     *
     * @param connected false when no connection to the server could be opened
     */
    void recordFailure(Duration duration, boolean connected) {
        connectionFailures = connected ? 0 : connectionFailures + 1;
        addCall(1, duration);
    }

    private void addCall(int failed, Duration duration) {
        int bucket = currentBucket();
        calls[bucket]++;
        failures[bucket] += failed;
        slowCalls[bucket] += duration.compareTo(settings.slowCallDuration()) >= 0 ? 1 : 0;
    }

    /** Returns true when the circuit breaker should open. */
    boolean exceedsThreshold() {
        if (connectionFailures >= settings.connectionFailures()) {
            return true;
        }
        long now = currentEpoch();
        int totalCalls = 0;
        int totalFailures = 0;
        int totalSlowCalls = 0;
        for (int i = 0; i < BUCKETS; i++) {
            if (now - epochs[i] < BUCKETS) {
                totalCalls += calls[i];
                totalFailures += failures[i];
                totalSlowCalls += slowCalls[i];
            }
        }
        return totalCalls >= settings.minimumCalls()
                && (totalFailures * 100L >= (long) settings.failurePercent() * totalCalls
                        || totalSlowCalls * 100L >= (long) settings.slowCallPercent() * totalCalls);
    }

    /** Removes all recorded calls. */
    void clear() {
        connectionFailures = 0;
        Arrays.fill(epochs, currentEpoch() - BUCKETS);
    }

    private int currentBucket() {
        long now = currentEpoch();
        int bucket = (int) Math.floorMod(now, (long) BUCKETS);
        if (epochs[bucket] != now) {
            epochs[bucket] = now;
            calls[bucket] = 0;
            failures[bucket] = 0;
            slowCalls[bucket] = 0;
        }
        return bucket;
    }

    private long currentEpoch() {
        return Math.floorDiv(nanoTime.getAsLong(), bucketNanos);
    }
}
