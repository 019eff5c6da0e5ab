package dev.darkroom.generation.watch;

import dev.darkroom.generation.GenerationEventHistory;
import io.vertx.core.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Who watches which generation. A watcher is an entry in a map: neither a thread nor a timer nor a statement. Shared by the verticles
 * of a process, kept going by a {@link ProgressVerticle}; thread-safe.
 */
public final class ProgressSubscribers {
    /** So many may watch at once in a process. */
    static final int MAX_SUBSCRIBERS = 20_000;

    private final Map<UUID, SubscribedGeneration> subscribedGenerations = new ConcurrentHashMap<>();
    private final AtomicInteger subscriberCount = new AtomicInteger();

    /** Is told how a generation stands, on any thread, perhaps the same more than once. */
    public interface ProgressListener {
        /** @param generation as on the event bus, shared with others and not to be changed; null when it is not there any more */
        void onChange(JsonObject generation);
    }

    private static final class SubscribedGeneration {
        private final Set<Subscriber> subscribers = ConcurrentHashMap.newKeySet(1);

        /** All watchers know this one, or are told it now. What is later is news. 0 before anybody knows any. */
        private long knownVersion;
    }

    /** Somebody who watches. Begins before the generation is looked at, so that nothing falls in between. */
    public final class Subscriber implements AutoCloseable {
        private final UUID id;
        private final ProgressListener progressListener;

        private Subscriber(UUID id, ProgressListener progressListener) {
            this.id = id;
            this.progressListener = progressListener;
        }

        /** The watcher knows this version by itself, and wants only what is later. */
        public void setKnownVersion(long version) {
            subscribedGenerations.computeIfPresent(id, (key, entry) -> {
                entry.knownVersion = entry.knownVersion == 0 ? version : Math.min(entry.knownVersion, version);
                return entry;
            });
        }

        /** Once. */
        @Override
        public void close() {
            subscriberCount.decrementAndGet();
            subscribedGenerations.computeIfPresent(id, (key, entry) -> {
                entry.subscribers.remove(this);
                return entry.subscribers.isEmpty() ? null : entry;
            });
        }
    }

    /** From now on nothing is missed. Null when nobody else may watch. */
    public Subscriber subscribe(UUID id, ProgressListener progressListener) {
        if (subscriberCount.incrementAndGet() > MAX_SUBSCRIBERS) {
            subscriberCount.decrementAndGet();
            return null;
        }
        Subscriber subscriber = new Subscriber(id, progressListener);
        subscribedGenerations.compute(id, (key, entry) -> {
            SubscribedGeneration those = entry == null ? new SubscribedGeneration() : entry;
            those.subscribers.add(subscriber);
            return those;
        });
        return subscriber;
    }

    /** Whether anybody watches it. */
    boolean hasSubscribers(UUID id) {
        return subscribedGenerations.containsKey(id);
    }

    /** All that is watched, with the version that is known of it. */
    Map<UUID, Long> knownVersions() {
        return knownVersions(subscribedGenerations.keySet());
    }

    /** Of these what is watched. */
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

    /**
     * Tells those who watch it.
     *
     * @param generation null when it is not there any more
     */
    void notifySubscribers(UUID id, JsonObject generation) {
        SubscribedGeneration found = subscribedGenerations.computeIfPresent(id, (key, entry) -> {
            if (generation != null) {
                entry.knownVersion = Math.max(entry.knownVersion, GenerationEventHistory.version(generation));
            }
            return entry;
        });
        if (found != null) {
            List.copyOf(found.subscribers).forEach(subscriber -> subscriber.progressListener.onChange(generation));
        }
    }
}
