package dev.darkroom.backend;

import dev.darkroom.config.Settings;
import java.time.Duration;
import java.util.Arrays;
import java.util.function.LongSupplier;

/**
 * The calls of the last while, and whether they say that the AI server is sick. Counts in buckets of time, so that its size
 * does not grow with the calls. A rate, not a number of failures since the last success, decides: a server that fails four
 * calls of five is sick, however regularly the fifth goes well. Not thread-safe.
 */
final class SlidingWindow {
    private static final int BUCKETS = 10;

    private final Settings.Breaker settings;
    private final LongSupplier nanoTime;
    private final long bucketNanos;
    private final long[] epochs = new long[BUCKETS];
    private final int[] calls = new int[BUCKETS];
    private final int[] failures = new int[BUCKETS];
    private final int[] slowCalls = new int[BUCKETS];
    private int connectionFailures;

    SlidingWindow(Settings.Breaker settings, LongSupplier nanoTime) {
        this.settings = settings;
        this.nanoTime = nanoTime;
        this.bucketNanos = Math.max(1, settings.window().toNanos() / BUCKETS);
        clear();
    }

    /** A call that went well, however long it took. */
    void recordSuccess(Duration took) {
        connectionFailures = 0;
        addCall(0, took);
    }

    /**
     * A call that failed on the server's account.
     *
     * @param reached false when the server could not even be connected to
     */
    void recordFailure(Duration took, boolean reached) {
        connectionFailures = reached ? 0 : connectionFailures + 1;
        addCall(1, took);
    }

    private void addCall(int failed, Duration took) {
        int bucket = currentBucket();
        calls[bucket]++;
        failures[bucket] += failed;
        slowCalls[bucket] += took.compareTo(settings.slowCallDuration()) >= 0 ? 1 : 0;
    }

    /** Whether the breaker should open. */
    boolean exceedsThreshold() {
        if (connectionFailures >= settings.connectionFailures()) {
            return true;
        }
        long now = currentEpoch();
        int allCalls = 0;
        int allFailures = 0;
        int allSlow = 0;
        for (int i = 0; i < BUCKETS; i++) {
            if (now - epochs[i] < BUCKETS) {
                allCalls += calls[i];
                allFailures += failures[i];
                allSlow += slowCalls[i];
            }
        }
        return allCalls >= settings.minimumCalls()
                && (allFailures * 100L >= (long) settings.failurePercent() * allCalls
                        || allSlow * 100L >= (long) settings.slowCallPercent() * allCalls);
    }

    /** Forgets everything: a new life begins. */
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
