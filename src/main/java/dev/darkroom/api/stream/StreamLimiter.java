package dev.darkroom.api.stream;

import dev.darkroom.auth.KeyedRateLimiter;
import dev.darkroom.config.InboundSettings;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
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
    private final Map<String, Deque<StreamSlot>> slotsByUser = new HashMap<>();
    private int openStreams;

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

    /** The slot of one open stream. */
    final class StreamSlot {
        private final String user;
        private final Runnable evict;

        private StreamSlot(String user, Runnable evict) {
            this.user = user;
            this.evict = evict;
        }

        /** Frees the slot. Must be called once. */
        void release() {
            synchronized (StreamLimiter.this) {
                openStreams--;
                Deque<StreamSlot> userSlots = slotsByUser.get(user);
                if (userSlots != null) {
                    userSlots.remove(this);
                    if (userSlots.isEmpty()) {
                        slotsByUser.remove(user);
                    }
                }
            }
        }
    }

    /**
     * Acquires a slot. Evicts the oldest stream of the user when the user exceeds their limit, since the newest browser tab is
     * the one in use.
     *
     * @param address key of the client address
     * @param evict closes the stream; may be called on any thread
     * @return null when the limit of the process, or a rate limit of new streams, is reached
     */
    StreamSlot acquire(String user, String address, Runnable evict) {
        StreamSlot streamSlot = new StreamSlot(user, evict);
        StreamSlot oldest = null;
        synchronized (this) {
            // Checks the address first, so that its rejected requests do not use up the rate limit of the process.
            if (openStreams >= limits.perProcess()
                    || addressConnectLimiter != null
                            && !addressConnectLimiter.tryAcquire(address).allowed()
                    || !connectLimiter.tryAcquire(GLOBAL_KEY).allowed()) {
                return null;
            }
            openStreams++;
            Deque<StreamSlot> userSlots = slotsByUser.computeIfAbsent(user, name -> new ArrayDeque<>(2));
            userSlots.addLast(streamSlot);
            if (userSlots.size() > limits.perUser()) {
                oldest = userSlots.pollFirst();
            }
        }
        if (oldest != null) {
            oldest.evict.run();
        }
        return streamSlot;
    }

    /** Returns the number of open streams. */
    public synchronized int openStreams() {
        return openStreams;
    }
}
