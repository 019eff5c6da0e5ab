package dev.darkroom.api.stream;

import dev.darkroom.auth.KeyedRateLimiter;
import dev.darkroom.config.Settings;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Which streams are open in this process, and whose, so that there are not too many. One per process, shared by its HTTP verticles;
 * thread-safe.
 */
public final class StreamLimiter {
    private static final String GLOBAL_KEY = "anybody";

    private final Settings.Streams limits;
    private final KeyedRateLimiter connectLimiter;

    /** Null for no limit. */
    private final KeyedRateLimiter addressConnectLimiter;

    // Guarded by this.
    private final Map<String, Deque<StreamSlot>> slotsByUser = new HashMap<>();
    private int openStreams;

    /** @param limits of numbers and of how many may come in a second */
    public StreamLimiter(Settings.Streams limits, TimeMeter clock) {
        this.limits = limits;
        this.connectLimiter = new KeyedRateLimiter(
                limits.connectsPerSecond(), limits.connectsPerSecond(), Duration.ofSeconds(1), clock);
        this.addressConnectLimiter = limits.connectsPerAddress() == 0
                ? null
                : new KeyedRateLimiter(
                        limits.connectsPerAddress(), limits.connectsPerAddress(), Duration.ofSeconds(1), clock);
    }

    /** The place of one stream. */
    final class StreamSlot {
        private final String user;
        private final Runnable evict;

        private StreamSlot(String user, Runnable giveUp) {
            this.user = user;
            this.evict = giveUp;
        }

        /** It is over. Once. */
        void release() {
            synchronized (StreamLimiter.this) {
                openStreams--;
                Deque<StreamSlot> those = slotsByUser.get(user);
                if (those != null) {
                    those.remove(this);
                    if (those.isEmpty()) {
                        slotsByUser.remove(user);
                    }
                }
            }
        }
    }

    /**
     * One more. If its user has too many, the oldest is told to go: a tab in front beats one that was forgotten.
     *
     * @param address that it comes from
     * @param giveUp tells it to go, on whatever thread
     * @return null when there is no room, or too many come at once, in all or from the address
     */
    StreamSlot acquire(String user, String address, Runnable giveUp) {
        StreamSlot streamSlot = new StreamSlot(user, giveUp);
        StreamSlot oldest = null;
        synchronized (this) {
            // The address first: what it may not do costs the others nothing.
            if (openStreams >= limits.perProcess()
                    || addressConnectLimiter != null
                            && !addressConnectLimiter.tryAcquire(address).allowed()
                    || !connectLimiter.tryAcquire(GLOBAL_KEY).allowed()) {
                return null;
            }
            openStreams++;
            Deque<StreamSlot> those = slotsByUser.computeIfAbsent(user, one -> new ArrayDeque<>(2));
            those.addLast(streamSlot);
            if (those.size() > limits.perUser()) {
                oldest = those.pollFirst();
            }
        }
        if (oldest != null) {
            oldest.evict.run();
        }
        return streamSlot;
    }

    /** How many there are. */
    public synchronized int openStreams() {
        return openStreams;
    }
}
