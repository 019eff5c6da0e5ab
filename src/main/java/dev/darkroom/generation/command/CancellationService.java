package dev.darkroom.generation.command;

import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.eventbus.CommandReplies;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.generation.store.GenerationRowMapper;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.generation.watch.GenerationEventPublisher;
import dev.darkroom.image.ImageStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commands that cancel a pending generation or delete an ended one. */
final class CancellationService {
    private static final Logger LOG = LoggerFactory.getLogger(CancellationService.class);

    private final GenerationCommandDependencies dependencies;
    private final GenerationStore store;
    private final GenerationLeaseStore leases;
    private final GenerationEventPublisher eventPublisher;

    CancellationService(Vertx vertx, GenerationCommandDependencies dependencies) {
        this.dependencies = dependencies;
        this.store = new GenerationStore(dependencies.database());
        this.leases = new GenerationLeaseStore(dependencies.database(), dependencies.finishListeners());
        this.eventPublisher = new GenerationEventPublisher(vertx, dependencies.notifyChannel());
    }

    /** Handles {@link GenerationBus#CANCEL}. */
    Future<JsonObject> cancel(BusCommand busCommand, UUID id) {
        return leases.cancel(id, busCommand.ownerFilter()).compose(cancelled -> {
            cancelled.ifPresent(finishRecord -> {
                eventPublisher.publishFinished(finishRecord);
                // Only a wake-up: the worker finds the lost lease in the database.
                GenerationSignals.CANCELLED.publish(dependencies.notifyChannel());
            });
            return store.find(id, busCommand.ownerFilter())
                    .map(found -> found.map(generation -> cancelled.isPresent()
                                    ? GenerationRowMapper.toReply(generation)
                                    : CommandReplies.conflict("the generation has already ended"))
                            .orElseGet(() -> CommandReplies.notFound("generation")));
        });
    }

    /** Handles {@link GenerationBus#DELETE}. */
    Future<JsonObject> delete(BusCommand busCommand, UUID id) {
        return store.delete(id, busCommand.ownerFilter()).compose(deleted -> {
            if (deleted.isPresent()) {
                LOG.atInfo()
                        .addKeyValue("generation", id)
                        .addKeyValue("requestId", busCommand.requestId())
                        .log("generation deleted");
                GenerationSignals.DELETED.publish(dependencies.notifyChannel());
                return deleteFiles(id, deleted.get().storageKeys())
                        .map(done -> new JsonObject()
                                .put(
                                        "deleted",
                                        new JsonObject()
                                                .put("id", id.toString())
                                                .put("user", deleted.get().userId())));
            }
            return store.find(id, busCommand.ownerFilter())
                    .map(found -> found.isPresent()
                            ? CommandReplies.conflict("the generation has not ended yet. Cancel it first")
                            : CommandReplies.notFound("generation"));
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
