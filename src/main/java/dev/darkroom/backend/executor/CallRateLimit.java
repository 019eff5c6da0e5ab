package dev.darkroom.backend.executor;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;

/** Limits the calls to a backend in any minute. Not thread-safe. */
final class CallRateLimit {
    private static final Duration WINDOW = Duration.ofMinutes(1);

    private final int maxCalls;
    private final LongSupplier nanoTime;
    private final Deque<Long> starts = new ArrayDeque<>();

    /** @param maxCalls 0 for no limit */
    CallRateLimit(int maxCalls, LongSupplier nanoTime) {
        this.maxCalls = maxCalls;
        this.nanoTime = nanoTime;
    }

    /** Returns how many calls may start now. */
    int available() {
        if (maxCalls == 0) {
            return Integer.MAX_VALUE;
        }
        removeOld();
        return maxCalls - starts.size();
    }

    /** Records the start of a call. Returns the time until the next one may start when the limit is reached now. */
    Optional<Duration> recordCall() {
        if (maxCalls == 0) {
            return Optional.empty();
        }
        starts.addLast(nanoTime.getAsLong());
        removeOld();
        return starts.size() < maxCalls
                ? Optional.empty()
                : Optional.of(WINDOW.minusNanos(nanoTime.getAsLong() - starts.getFirst()));
    }

    private void removeOld() {
        long now = nanoTime.getAsLong();
        while (!starts.isEmpty() && now - starts.getFirst() >= WINDOW.toNanos()) {
            starts.removeFirst();
        }
    }
}
