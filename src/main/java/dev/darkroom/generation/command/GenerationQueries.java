package dev.darkroom.generation.command;

import dev.darkroom.database.DatabaseErrorClassifier;
import dev.darkroom.database.StatementBatcher;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.Generation.QueuePosition;
import dev.darkroom.generation.GenerationCommand.GetGeneration;
import dev.darkroom.generation.GenerationCommand.GetImage;
import dev.darkroom.generation.GenerationCommand.ListGenerations;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.generation.store.QueueSnapshot;
import dev.darkroom.generation.store.StoredGeneration;
import dev.darkroom.generation.store.StoredGeneration.QueueEntry;
import dev.darkroom.generation.watch.CompletionWaiters;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;

/**
 * Commands that read generations and images. Reads that arrive while others are running share a statement. Confined to the event loop of
 * one verticle.
 */
final class GenerationQueries {
    /** One statement at once, so that the reads of a busy event loop share statements. */
    private static final StatementBatcher.Limits BATCH_LIMITS =
            new StatementBatcher.Limits(64, 1, Duration.ofSeconds(3));

    private final Vertx vertx;
    private final GenerationStore store;
    private final StatementBatcher<UUID, Optional<StoredGeneration>> reads;
    private final QueueSnapshots queueSnapshots;
    private final BacklogEstimator backlogEstimator;
    private final CompletionWaiters completionWaiters;
    private final Duration maxWait;

    /** @param maxWait maximum time for which a command may wait for the end of a generation */
    GenerationQueries(Vertx vertx, GenerationCommandDependencies dependencies, Duration maxWait) {
        this.vertx = vertx;
        this.store = new GenerationStore(dependencies.database());
        // A row that cannot be read fails its own reads only.
        this.reads = new StatementBatcher<>(
                BATCH_LIMITS, store::find, error -> !DatabaseErrorClassifier.isUnavailable(error), System::nanoTime);
        this.queueSnapshots = dependencies.queueSnapshots();
        this.backlogEstimator = dependencies.backlogEstimator();
        this.completionWaiters = dependencies.completionWaiters();
        this.maxWait = maxWait;
    }

    Future<CommandReply<Generation>> get(GetGeneration command) {
        String owner = command.requester().ownerFilter();
        Duration waitTime = command.waitTime().compareTo(maxWait) > 0 ? maxWait : command.waitTime();
        CompletionWaiters.Waiter waiter =
                waitTime.isNegative() || waitTime.isZero() ? null : completionWaiters.register(command.id());
        Future<Optional<StoredGeneration>> read = read(command.id(), owner);
        if (waiter != null) {
            read = read.compose(found ->
                            found.filter(stored -> stored.generation().isPending())
                                            .isPresent()
                                    ? waiter.await(vertx, waitTime).compose(done -> read(command.id(), owner))
                                    : Future.succeededFuture(found))
                    .onComplete(done -> waiter.close());
        }
        return read.compose(this::addQueuePosition)
                .map(found -> found.map(CommandReply::completed).orElseGet(() -> CommandReply.notFound("generation")));
    }

    /**
     * Returns a generation with its queue position; empty when it does not exist or belongs to another user.
     *
     * @param owner null for any user
     */
    Future<Optional<Generation>> find(UUID id, String owner) {
        return read(id, owner).compose(this::addQueuePosition);
    }

    private Future<Optional<StoredGeneration>> read(UUID id, String owner) {
        return reads.add(id)
                .map(found -> found.filter(
                        stored -> owner == null || stored.generation().userId().equals(owner)));
    }

    private Future<Optional<Generation>> addQueuePosition(Optional<StoredGeneration> found) {
        if (found.isEmpty() || found.get().queueEntry() == null) {
            return Future.succeededFuture(found.map(StoredGeneration::generation));
        }
        Generation generation = found.get().generation();
        QueueEntry queueEntry = found.get().queueEntry();
        return queueSnapshots
                .get(queueEntry.route())
                .map(snapshot -> generation.withQueuePosition(toPosition(snapshot, generation.id(), queueEntry)))
                // The status is returned without a position when the queue cannot be read in time.
                .otherwise(generation)
                .map(Optional::of);
    }

    private QueuePosition toPosition(QueueSnapshot snapshot, UUID id, QueueEntry queueEntry) {
        int ahead = snapshot.countAhead(id, queueEntry.turn());
        if (ahead >= QueueSnapshot.MAX_AHEAD) {
            return new QueuePosition(ahead, null);
        }
        return new QueuePosition(
                ahead,
                backlogEstimator
                        .estimateWait(ahead)
                        .map(wait -> {
                            Instant estimate = snapshot.readAt().plus(wait);
                            return queueEntry.dueAt().isAfter(estimate) ? queueEntry.dueAt() : estimate;
                        })
                        .orElse(null));
    }

    Future<CommandReply<ImageLocation>> getImage(GetImage command) {
        return store.findImage(
                        command.id(),
                        command.requester() == null ? null : command.requester().ownerFilter())
                .map(found -> found.map(CommandReply::completed).orElseGet(() -> CommandReply.notFound("image")));
    }

    Future<CommandReply<GenerationPage>> list(ListGenerations command) {
        return store.list(command.requester().user(), command.filter()).map(CommandReply::completed);
    }
}
