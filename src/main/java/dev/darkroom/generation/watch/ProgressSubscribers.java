package dev.darkroom.generation.watch;

import dev.darkroom.generation.Generation;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Subscribers to the progress of generations. A subscriber costs a map entry, but no thread, timer or statement. Shared by the verticles
 * of a process; thread-safe. A {@link ProgressVerticle} notifies it.
 */
public final class ProgressSubscribers {
    /** Maximum number of subscribers per process. */
    static final int MAX_SUBSCRIBERS = 20_000;

    private final Map<UUID, SubscribedGeneration> subscribedGenerations = new ConcurrentHashMap<>();
    private final AtomicInteger subscriberCount = new AtomicInteger();

    /** Receives the state of a generation, on any thread, possibly the same state more than once. */
    public interface ProgressListener {
        /** @param generation null when it was deleted */
        void onChange(Generation generation);

        /** Called when the job of the running attempt has progressed. Does nothing by default. */
        default void onJobProgress(JobProgressSignal signal) {
            // Progress is optional.
        }
    }

    private static final class SubscribedGeneration {
        private final Set<Subscriber> subscribers = ConcurrentHashMap.newKeySet(1);

        /** Version that all subscribers know or are being notified of. 0 before any subscriber knows one. */
        private long knownVersion;
    }

    /** Subscription to one generation. Must start before the generation is read, so that no change is missed in between. */
    public final class Subscriber implements AutoCloseable {
        private final UUID id;
        private final ProgressListener progressListener;

        private Subscriber(UUID id, ProgressListener progressListener) {
            this.id = id;
            this.progressListener = progressListener;
        }

        /** Sets the version that the subscriber has read itself. It is notified only of later ones. */
        public void setKnownVersion(long version) {
            subscribedGenerations.computeIfPresent(id, (key, entry) -> {
                entry.knownVersion = entry.knownVersion == 0 ? version : Math.min(entry.knownVersion, version);
                return entry;
            });
        }

        /** Removes the subscriber. Must be called exactly once. */
        @Override
        public void close() {
            subscriberCount.decrementAndGet();
            subscribedGenerations.computeIfPresent(id, (key, entry) -> {
                entry.subscribers.remove(this);
                return entry.subscribers.isEmpty() ? null : entry;
            });
        }
    }

    /** Adds a subscriber, which misses no change from now on. Returns null when the maximum number is reached. */
    public Subscriber subscribe(UUID id, ProgressListener progressListener) {
        if (subscriberCount.incrementAndGet() > MAX_SUBSCRIBERS) {
            subscriberCount.decrementAndGet();
            return null;
        }
        Subscriber subscriber = new Subscriber(id, progressListener);
        subscribedGenerations.compute(id, (key, entry) -> {
            SubscribedGeneration updated = entry == null ? new SubscribedGeneration() : entry;
            updated.subscribers.add(subscriber);
            return updated;
        });
        return subscriber;
    }

    /** Returns whether a generation has subscribers. */
    boolean hasSubscribers(UUID id) {
        return subscribedGenerations.containsKey(id);
    }

    /** Returns all generations with subscribers, and their known versions. */
    Map<UUID, Long> knownVersions() {
        return knownVersions(subscribedGenerations.keySet());
    }

    /** Returns those of the given generations that have subscribers, and their known versions. */
    Map<UUID, Long> knownVersions(Set<UUID> ids) {
        Map<UUID, Long> known = new LinkedHashMap<>();
        for (UUID id : ids) {
            subscribedGenerations.computeIfPresent(id, (key, entry) -> {
                known.put(id, entry.knownVersion);
                return entry;
            });
        }
        return known;
    }

    /** Notifies the subscribers of a generation of the progress of its job. */
    void notifySubscribers(JobProgressSignal signal) {
        SubscribedGeneration found = subscribedGenerations.get(signal.generationId());
        if (found != null) {
            List.copyOf(found.subscribers).forEach(subscriber -> subscriber.progressListener.onJobProgress(signal));
        }
    }

    /**
     * Notifies the subscribers of a generation.
     *
     * @param generation its state; null when it was deleted
     */
    void notifySubscribers(UUID id, Generation generation) {
        SubscribedGeneration found = subscribedGenerations.computeIfPresent(id, (key, entry) -> {
            if (generation != null) {
                entry.knownVersion = Math.max(entry.knownVersion, generation.version());
            }
            return entry;
        });
        if (found != null) {
            List.copyOf(found.subscribers).forEach(subscriber -> subscriber.progressListener.onChange(generation));
        }
    }
}
