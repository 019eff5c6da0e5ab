package dev.darkroom.generation.command;

import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationCommand.CancelGeneration;
import dev.darkroom.generation.GenerationCommand.DeleteGeneration;
import dev.darkroom.generation.GenerationResult.DeletedGeneration;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.store.GenerationOutcomeStore;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.generation.watch.GenerationEventPublisher;
import dev.darkroom.image.store.ImageStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commands that cancel a pending generation or delete an ended one. */
final class CancellationService {
    private static final Logger LOG = LoggerFactory.getLogger(CancellationService.class);

    private final GenerationCommandDependencies dependencies;
    private final GenerationStore store;
    private final GenerationOutcomeStore outcomes;
    private final GenerationEventPublisher eventPublisher;

    CancellationService(Vertx vertx, GenerationCommandDependencies dependencies) {
        this.dependencies = dependencies;
        this.store = new GenerationStore(dependencies.database());
        this.outcomes = new GenerationOutcomeStore(dependencies.database(), dependencies.finishListeners());
        this.eventPublisher = new GenerationEventPublisher(vertx, dependencies.notifyChannel());
    }

    Future<CommandReply<Generation>> cancel(CancelGeneration command) {
        String owner = command.requester().ownerFilter();
        return outcomes.cancel(command.id(), owner).compose(cancelled -> {
            cancelled.ifPresent(finishRecord -> {
                eventPublisher.publishFinished(finishRecord);
                if (finishRecord.unresolvedJob() != null) {
                    dependencies.jobCanceller().accept(finishRecord.unresolvedJob());
                }
                // Only a wake-up: the worker finds the lost lease in the database.
                GenerationSignals.CANCELLED.publish(dependencies.notifyChannel());
            });
            return store.find(command.id(), owner).map(found -> toReply(found, cancelled.isPresent()));
        });
    }

    private static CommandReply<Generation> toReply(Optional<Generation> found, boolean cancelled) {
        if (found.isEmpty()) {
            return CommandReply.notFound("generation");
        }
        return cancelled
                ? CommandReply.completed(found.get())
                : CommandReply.conflict("the generation has already ended");
    }

    Future<CommandReply<DeletedGeneration>> delete(CommandContext<DeleteGeneration> context) {
        UUID id = context.command().id();
        String owner = context.command().requester().ownerFilter();
        return store.delete(id, owner).compose(deleted -> {
            if (deleted.isPresent()) {
                LOG.atInfo()
                        .addKeyValue("generation", id)
                        .addKeyValue("requestId", context.requestId())
                        .log("generation deleted");
                GenerationSignals.DELETED.publish(dependencies.notifyChannel());
                return deleteFiles(id, deleted.get().storageKeys())
                        .map(done -> CommandReply.completed(
                                new DeletedGeneration(id, deleted.get().userId())));
            }
            return store.find(id, owner)
                    .map(found -> found.isPresent()
                            ? CommandReply.conflict("the generation has not ended yet. Cancel it first")
                            : CommandReply.notFound("generation"));
        });
    }

    /** Deletes the image files. Never fails: their rows are gone, and the retention cleanup deletes the remaining files. */
    private Future<Void> deleteFiles(UUID id, List<String> keys) {
        ImageStore images = dependencies.imageStore();
        return Future.all(keys.stream().map(images::delete).toList())
                .compose(deleted -> keys.isEmpty() ? Future.succeededFuture() : store.deleteDiscardedImages(keys))
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("generation", id)
                        .addKeyValue("reason", error.toString())
                        .log("image files not deleted"))
                .otherwiseEmpty();
    }
}
