package dev.darkroom.generation;

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
public final class ProgressWatch {
    /** So many may watch at once in a process. */
    static final int MOST = 20_000;

    private final Map<UUID, Watched> watched = new ConcurrentHashMap<>();
    private final AtomicInteger count = new AtomicInteger();

    /** Is told how a generation stands, on any thread, perhaps the same more than once. */
    public interface Listener {
        /** @param generation as on the event bus, shared with others and not to be changed; null when it is not there any more */
        void changed(JsonObject generation);
    }

    private static final class Watched {
        private final Set<Watcher> watchers = ConcurrentHashMap.newKeySet(1);

        /** All watchers know this one, or are told it now. What is later is news. 0 before anybody knows any. */
        private long version;
    }

    /** Somebody who watches. Begins before the generation is looked at, so that nothing falls in between. */
    public final class Watcher implements AutoCloseable {
        private final UUID id;
        private final Listener listener;

        private Watcher(UUID id, Listener listener) {
            this.id = id;
            this.listener = listener;
        }

        /** The watcher knows this version by itself, and wants only what is later. */
        public void knows(long version) {
            watched.computeIfPresent(id, (key, entry) -> {
                entry.version = entry.version == 0 ? version : Math.min(entry.version, version);
                return entry;
            });
        }

        /** Once. */
        @Override
        public void close() {
            count.decrementAndGet();
            watched.computeIfPresent(id, (key, entry) -> {
                entry.watchers.remove(this);
                return entry.watchers.isEmpty() ? null : entry;
            });
        }
    }

    /** From now on nothing is missed. Null when nobody else may watch. */
    public Watcher watch(UUID id, Listener listener) {
        if (count.incrementAndGet() > MOST) {
            count.decrementAndGet();
            return null;
        }
        Watcher watcher = new Watcher(id, listener);
        watched.compute(id, (key, entry) -> {
            Watched those = entry == null ? new Watched() : entry;
            those.watchers.add(watcher);
            return those;
        });
        return watcher;
    }

    /** Whether anybody watches it. */
    boolean watches(UUID id) {
        return watched.containsKey(id);
    }

    /** All that is watched, with the version that is known of it. */
    Map<UUID, Long> known() {
        return known(watched.keySet());
    }

    /** Of these what is watched. */
    Map<UUID, Long> known(Set<UUID> ids) {
        Map<UUID, Long> known = new LinkedHashMap<>();
        for (UUID id : ids) {
            watched.computeIfPresent(id, (key, entry) -> {
                known.put(id, entry.version);
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
    void tell(UUID id, JsonObject generation) {
        Watched found = watched.computeIfPresent(id, (key, entry) -> {
            if (generation != null) {
                entry.version = Math.max(entry.version, GenerationEvents.version(generation));
            }
            return entry;
        });
        if (found != null) {
            List.copyOf(found.watchers).forEach(watcher -> watcher.listener.changed(generation));
        }
    }
}
