package dev.darkroom.api;

import dev.darkroom.access.Allowance;
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
public final class StreamRoster {
    private static final String ANYBODY = "anybody";

    private final Settings.Streams limits;
    private final Allowance connects;

    /** Null for no limit. */
    private final Allowance connectsOfAddress;

    // Guarded by this.
    private final Map<String, Deque<Seat>> byUser = new HashMap<>();
    private int taken;

    /** @param limits of numbers and of how many may come in a second */
    public StreamRoster(Settings.Streams limits, TimeMeter clock) {
        this.limits = limits;
        this.connects =
                new Allowance(limits.connectsPerSecond(), limits.connectsPerSecond(), Duration.ofSeconds(1), clock);
        this.connectsOfAddress = limits.connectsPerAddress() == 0
                ? null
                : new Allowance(limits.connectsPerAddress(), limits.connectsPerAddress(), Duration.ofSeconds(1), clock);
    }

    /** The place of one stream. */
    final class Seat {
        private final String user;
        private final Runnable giveUp;

        private Seat(String user, Runnable giveUp) {
            this.user = user;
            this.giveUp = giveUp;
        }

        /** It is over. Once. */
        void leave() {
            synchronized (StreamRoster.this) {
                taken--;
                Deque<Seat> those = byUser.get(user);
                if (those != null) {
                    those.remove(this);
                    if (those.isEmpty()) {
                        byUser.remove(user);
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
    Seat take(String user, String address, Runnable giveUp) {
        Seat seat = new Seat(user, giveUp);
        Seat oldest = null;
        synchronized (this) {
            // The address first: what it may not do costs the others nothing.
            if (taken >= limits.perProcess()
                    || connectsOfAddress != null
                            && !connectsOfAddress.take(address).granted()
                    || !connects.take(ANYBODY).granted()) {
                return null;
            }
            taken++;
            Deque<Seat> those = byUser.computeIfAbsent(user, one -> new ArrayDeque<>(2));
            those.addLast(seat);
            if (those.size() > limits.perUser()) {
                oldest = those.pollFirst();
            }
        }
        if (oldest != null) {
            oldest.giveUp.run();
        }
        return seat;
    }

    /** How many there are. */
    public synchronized int taken() {
        return taken;
    }
}
