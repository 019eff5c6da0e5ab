package dev.darkroom.api.stream;

import dev.darkroom.auth.KeyedRateLimiter;
import dev.darkroom.config.InboundSettings;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * Limits the open streams per user and per process, and the rate of new streams. One per process, shared by its HTTP verticles.
 * Thread-safe.
 */
public final class StreamLimiter {
    private static final String GLOBAL_KEY = "all";

    private final InboundSettings.Streams limits;
    private final KeyedRateLimiter connectLimiter;

    /** Null for no limit. */
    private final KeyedRateLimiter addressConnectLimiter;

    // Guarded by this.
    /** Evicts the open streams of a user, the oldest first. */
    private final Map<String, Deque<Runnable>> evictionsByUser = new HashMap<>();

    private final Map<StreamKind, Integer> openByKind = new EnumMap<>(StreamKind.class);

    private int openStreams;
    private long rejected;

    public StreamLimiter(InboundSettings.Streams limits, TimeMeter clock) {
        this.limits = limits;
        this.connectLimiter = new KeyedRateLimiter(
                limits.connectsPerSecond(), limits.connectsPerSecond(), Duration.ofSeconds(1), clock);
        this.addressConnectLimiter = limits.connectsPerSecondPerAddress() == 0
                ? null
                : new KeyedRateLimiter(
                        limits.connectsPerSecondPerAddress(),
                        limits.connectsPerSecondPerAddress(),
                        Duration.ofSeconds(1),
                        clock);
    }

    /**
     * Acquires a slot. Evicts the oldest stream of the user when the user exceeds their limit, since the newest browser tab is
     * the one in use.
     *
     * @param address key of the client address
     * @param evict closes the stream; may be called on any thread
     * @return frees the slot, must run once; null when the limit of the process, or a rate limit of new streams, is reached
     */
    Runnable acquire(StreamKind kind, String user, String address, Runnable evict) {
        Runnable oldest = null;
        synchronized (this) {
            // Checks the address first, so that its rejected requests do not use up the rate limit of the process.
            if (openStreams >= limits.perProcess()
                    || addressConnectLimiter != null
                            && !addressConnectLimiter.tryAcquire(address).allowed()
                    || !connectLimiter.tryAcquire(GLOBAL_KEY).allowed()) {
                rejected++;
                return null;
            }
            openStreams++;
            openByKind.merge(kind, 1, Integer::sum);
            Deque<Runnable> evictions = evictionsByUser.computeIfAbsent(user, name -> new ArrayDeque<>(2));
            evictions.addLast(evict);
            if (evictions.size() > limits.perUser()) {
                oldest = evictions.pollFirst();
            }
        }
        if (oldest != null) {
            oldest.run();
        }
        return () -> release(kind, user, evict);
    }

    private synchronized void release(StreamKind kind, String user, Runnable evict) {
        openStreams--;
        openByKind.merge(kind, -1, Integer::sum);
        evictionsByUser.computeIfPresent(user, (name, evictions) -> {
            evictions.remove(evict);
            return evictions.isEmpty() ? null : evictions;
        });
    }

    /** Returns the number of open streams. */
    public synchronized int openStreams() {
        return openStreams;
    }

    synchronized int openStreams(StreamKind kind) {
        return openByKind.getOrDefault(kind, 0);
    }

    /** Returns the number of streams that were rejected since the start of the process. */
    synchronized long rejected() {
        return rejected;
    }

    /** Returns the maximum number of open streams. */
    int limit() {
        return limits.perProcess();
    }
}
