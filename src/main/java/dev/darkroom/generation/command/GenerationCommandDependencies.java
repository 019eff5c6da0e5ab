package dev.darkroom.generation.command;

import dev.darkroom.cache.RefreshingValue;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.generation.store.QueueSnapshot;
import dev.darkroom.generation.store.SubmissionStore;
import dev.darkroom.generation.watch.CompletionWaiters;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.image.ImageStore;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;

/**
 * Objects that the {@link GenerationCommandVerticle} instances of a process share. All are usable from any event loop.
 *
 * @param submissions one instance per process, because it serializes submissions
 * @param notifyChannel sends signals to other processes
 * @param backlogEstimator updated by a periodic task
 * @param queueSnapshot read on demand, at most once per second
 * @param completionWaiters notified by {@code CompletionVerticle}
 * @param finishListeners called inside the transactions that end generations
 * @param egressPolicy checks the webhook URLs of requests
 */
public record GenerationCommandDependencies(
        Database database,
        SubmissionStore submissions,
        NotifyChannel notifyChannel,
        ImageStore imageStore,
        BacklogEstimator backlogEstimator,
        RefreshingValue<QueueSnapshot> queueSnapshot,
        CompletionWaiters completionWaiters,
        List<GenerationFinishListener> finishListeners,
        EgressPolicy egressPolicy) {
    /**
     * Queue positions are at most two seconds old. A background load that takes longer than the second that is left, or that a lone read
     * waits for, leaves the position out.
     */
    private static final RefreshingValue.RefreshPolicy SNAPSHOT_REFRESH = new RefreshingValue.RefreshPolicy(
            Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(1), Duration.ofSeconds(1));

    /** Returns a snapshot of the queue that reads load on demand. Without reads no statement runs. */
    public static RefreshingValue<QueueSnapshot> createQueueSnapshot(Vertx vertx, Database database, String route) {
        GenerationStore store = new GenerationStore(database);
        return new RefreshingValue<>(vertx, () -> store.readQueue(route), SNAPSHOT_REFRESH, System::nanoTime);
    }
}
