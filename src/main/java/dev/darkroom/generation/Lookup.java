package dev.darkroom.generation;

import dev.darkroom.command.Command;
import dev.darkroom.command.FieldError;
import dev.darkroom.command.Reply;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/** Commands that ask how things stand. */
final class Lookup {
    private final Vertx vertx;
    private final GenerationStore store;
    private final Backlog backlog;
    private final EndWatch watch;
    private final Duration maxWait;

    /** @param maxWait how long a command may wait for an end at most */
    Lookup(Vertx vertx, GenerationVerticle.Shared shared, Duration maxWait) {
        this.vertx = vertx;
        this.store = new GenerationStore(shared.database());
        this.backlog = shared.backlog();
        this.watch = shared.endWatch();
        this.maxWait = maxWait;
    }

    /** Answers {@link GenerationBus#GET}. */
    Future<JsonObject> get(Command command, UUID id) {
        Duration patience = command.patience(maxWait);
        EndWatch.Waiter waiter = patience.isNegative() || patience.isZero() ? null : watch.watch(id);
        if (waiter == null) {
            return find(command, id);
        }
        return store.find(id, command.owner())
                .compose(found -> found.filter(Lookup::pending).isPresent()
                        ? waiter.await(vertx, patience).compose(over -> find(command, id))
                        : Future.succeededFuture(reply(found)))
                .onComplete(done -> waiter.close());
    }

    private Future<JsonObject> find(Command command, UUID id) {
        return store.find(id, command.owner()).map(this::reply);
    }

    private JsonObject reply(Optional<JsonObject> found) {
        return found.map(generation -> GenerationJson.reply(withPlace(generation)))
                .orElseGet(() -> Reply.notFound("generation"));
    }

    private static boolean pending(JsonObject generation) {
        return generation.getString("status").equals(GenerationStatus.PENDING.name());
    }

    /** Answers {@link GenerationBus#GET_IMAGE}. */
    Future<JsonObject> getImage(Command command, UUID id) {
        return store.findImage(id, command.owner())
                .map(found -> found.map(image -> new JsonObject().put("image", image))
                        .orElseGet(() -> Reply.notFound("image")));
    }

    /** Answers {@link GenerationBus#LIST}. */
    Future<JsonObject> list(Command command) {
        List<FieldError> errors = new ArrayList<>();
        ListFilter filter = ListFilter.read(command.body(), errors);
        if (!errors.isEmpty()) {
            return Future.succeededFuture(Reply.invalid("the list cannot be made like this", errors));
        }
        return store.list(command.user(), filter).map(page -> {
            JsonObject reply = new JsonObject().put("items", new JsonArray(page.items()));
            page.next().ifPresent(next -> reply.put("nextCursor", next.text()));
            return reply;
        });
    }

    /** Tells where it stands in the queue while it waits there, and when it will be begun where that can be estimated. */
    JsonObject withPlace(JsonObject generation) {
        if (generation.remove("queue") instanceof JsonObject place) {
            long ahead = place.getLong("ahead");
            generation.put("queuePosition", ahead + 1);
            if (ahead < GenerationSql.MOST_AHEAD) {
                backlog.untilStart(ahead).ifPresent(wait -> {
                    Instant byTheQueue = Instant.parse(place.getString("now")).plus(wait);
                    Instant dueAt = Instant.parse(place.getString("dueAt"));
                    Instant start = dueAt.isAfter(byTheQueue) ? dueAt : byTheQueue;
                    generation.put("estimatedStart", GenerationJson.time(start.atOffset(ZoneOffset.UTC)));
                });
            }
        }
        return generation;
    }
}
