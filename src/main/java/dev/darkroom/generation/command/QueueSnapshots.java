package dev.darkroom.generation.command;

import dev.darkroom.cache.RefreshingValue;
import dev.darkroom.database.Database;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.generation.store.QueueSnapshot;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Snapshots of the queue, one per route, which reads load on demand. Without reads no statement runs. Usable from any event loop. */
public final class QueueSnapshots {
    /**
     * Queue positions are at most two seconds old. A background load that takes longer than the second that is left, or that a lone read
     * waits for, leaves the position out.
     */
    private static final RefreshingValue.RefreshPolicy REFRESH = new RefreshingValue.RefreshPolicy(
            Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(1));

    private final Function<String, RefreshingValue<QueueSnapshot>> factory;
    private final Map<String, RefreshingValue<QueueSnapshot>> byRoute = new ConcurrentHashMap<>();

    public QueueSnapshots(Vertx vertx, Database database) {
        this(route -> new RefreshingValue<>(
                vertx, () -> new GenerationStore(database).readQueue(route), REFRESH, System::nanoTime));
    }

    /** @param factory creates the snapshots of a route */
    QueueSnapshots(Function<String, RefreshingValue<QueueSnapshot>> factory) {
        this.factory = factory;
    }

    /** Returns the snapshot of a route. Fails when it cannot be read in time. */
    Future<QueueSnapshot> get(String route) {
        return byRoute.computeIfAbsent(route, factory).get();
    }
}
