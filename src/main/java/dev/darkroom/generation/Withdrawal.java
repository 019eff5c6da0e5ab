package dev.darkroom.generation;

import dev.darkroom.command.Command;
import dev.darkroom.command.Reply;
import dev.darkroom.image.ImageStore;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Commands by which somebody wants a generation no more: before its end, or after it. */
final class Withdrawal {
    private static final Logger LOG = LoggerFactory.getLogger(Withdrawal.class);
    private static final DeliveryOptions HERE = new DeliveryOptions().setLocalOnly(true);

    private final Vertx vertx;
    private final GenerationVerticle.Shared shared;
    private final GenerationStore store;
    private final LeaseStore leases;
    private final EndAnnouncer announcer;

    Withdrawal(Vertx vertx, GenerationVerticle.Shared shared) {
        this.vertx = vertx;
        this.shared = shared;
        this.store = new GenerationStore(shared.database());
        this.leases = new LeaseStore(shared.database(), shared.endListeners());
        this.announcer = new EndAnnouncer(vertx, shared.hints());
    }

    /** Answers {@link GenerationBus#CANCEL}. */
    Future<JsonObject> cancel(Command command, UUID id) {
        return leases.cancel(id, command.owner()).compose(cancelled -> {
            cancelled.ifPresent(ended -> {
                announcer.announce(ended);
                // Whoever is at work on it learns of it from the database; this is only where to look.
                vertx.eventBus().publish(GenerationBus.CANCELLED, null, HERE);
                shared.hints().send(GenerationBus.CANCELLED_HINT);
            });
            return store.find(id, command.owner())
                    .map(found -> found.map(generation -> cancelled.isPresent()
                                    ? GenerationJson.reply(generation)
                                    : Reply.conflict("the generation has ended already"))
                            .orElseGet(() -> Reply.notFound("generation")));
        });
    }

    /** Answers {@link GenerationBus#DELETE}. */
    Future<JsonObject> delete(Command command, UUID id) {
        return store.delete(id, command.owner()).compose(deleted -> {
            if (deleted.isPresent()) {
                LOG.atInfo()
                        .addKeyValue("generation", id)
                        .addKeyValue("request", command.requestId())
                        .log("generation deleted");
                forget();
                return deleteFiles(id, deleted.get().storageKeys())
                        .map(done -> new JsonObject()
                                .put(
                                        "deleted",
                                        new JsonObject()
                                                .put("id", id.toString())
                                                .put("user", deleted.get().userId())));
            }
            return store.find(id, command.owner())
                    .map(found -> found.isPresent()
                            ? Reply.conflict("the generation has not ended yet. Cancel it first")
                            : Reply.notFound("generation"));
        });
    }

    private void forget() {
        vertx.eventBus().publish(GenerationBus.FORGET, null, HERE);
        shared.hints().send(GenerationBus.FORGET_HINT);
    }

    /** Never fails: nobody finds the pictures any more, and what is left of them housekeeping clears away. */
    private Future<Void> deleteFiles(UUID id, List<String> keys) {
        ImageStore images = shared.images();
        return Future.all(keys.stream().map(images::delete).toList())
                .compose(gone -> keys.isEmpty() ? Future.succeededFuture() : store.filesDeleted(keys))
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("generation", id)
                        .addKeyValue("reason", error.toString())
                        .log("picture files not deleted yet"))
                .otherwiseEmpty();
    }
}
