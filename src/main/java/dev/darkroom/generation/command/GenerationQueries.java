package dev.darkroom.generation.command;

import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.eventbus.CommandReplies;
import dev.darkroom.eventbus.FieldError;
import dev.darkroom.generation.BacklogEstimator;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.store.GenerationListFilter;
import dev.darkroom.generation.store.GenerationRowMapper;
import dev.darkroom.generation.store.GenerationSql;
import dev.darkroom.generation.store.GenerationStore;
import dev.darkroom.generation.watch.CompletionWaiters;
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

/** Commands that read generations and images. */
final class GenerationQueries {
    private final Vertx vertx;
    private final GenerationStore store;
    private final BacklogEstimator backlogEstimator;
    private final CompletionWaiters completionWaiters;
    private final Duration maxWait;

    /** @param maxWait maximum time for which a command may wait for the end of a generation */
    GenerationQueries(Vertx vertx, GenerationCommandDependencies dependencies, Duration maxWait) {
        this.vertx = vertx;
        this.store = new GenerationStore(dependencies.database());
        this.backlogEstimator = dependencies.backlogEstimator();
        this.completionWaiters = dependencies.completionWaiters();
        this.maxWait = maxWait;
    }

    /** Handles {@code GenerationBus#GET}. */
    Future<JsonObject> get(BusCommand busCommand, UUID id) {
        Duration waitTime = busCommand.waitTime(maxWait);
        CompletionWaiters.Waiter waiter =
                waitTime.isNegative() || waitTime.isZero() ? null : completionWaiters.register(id);
        if (waiter == null) {
            return find(busCommand, id);
        }
        return store.find(id, busCommand.ownerFilter())
                .compose(found -> found.filter(GenerationQueries::isPending).isPresent()
                        ? waiter.await(vertx, waitTime).compose(done -> find(busCommand, id))
                        : Future.succeededFuture(toReply(found)))
                .onComplete(done -> waiter.close());
    }

    private Future<JsonObject> find(BusCommand busCommand, UUID id) {
        return store.find(id, busCommand.ownerFilter()).map(this::toReply);
    }

    private JsonObject toReply(Optional<JsonObject> found) {
        return found.map(generation -> GenerationRowMapper.toReply(addQueuePosition(generation)))
                .orElseGet(() -> CommandReplies.notFound("generation"));
    }

    private static boolean isPending(JsonObject generation) {
        return generation.getString("status").equals(GenerationStatus.PENDING.name());
    }

    /** Handles {@code GenerationBus#GET_IMAGE}. */
    Future<JsonObject> getImage(BusCommand busCommand, UUID id) {
        return store.findImage(id, busCommand.ownerFilter())
                .map(found -> found.map(image -> new JsonObject().put("image", image))
                        .orElseGet(() -> CommandReplies.notFound("image")));
    }

    /** Handles {@code GenerationBus#LIST}. */
    Future<JsonObject> list(BusCommand busCommand) {
        List<FieldError> errors = new ArrayList<>();
        GenerationListFilter filter = GenerationListFilter.parse(busCommand.body(), errors);
        if (!errors.isEmpty()) {
            return Future.succeededFuture(CommandReplies.invalid("invalid list parameters", errors));
        }
        return store.list(busCommand.user(), filter).map(page -> {
            JsonObject reply = new JsonObject().put("items", new JsonArray(page.items()));
            page.nextCursor().ifPresent(next -> reply.put("nextCursor", next.encode()));
            return reply;
        });
    }

    /** Adds the queue position of a waiting generation, and its estimated start if there is an estimate. */
    JsonObject addQueuePosition(JsonObject generation) {
        if (generation.remove("queue") instanceof JsonObject queue) {
            long ahead = queue.getLong("ahead");
            generation.put("queuePosition", ahead + 1);
            if (ahead < GenerationSql.MAX_COUNTED_AHEAD) {
                backlogEstimator.estimateWait(ahead).ifPresent(wait -> {
                    Instant estimate = Instant.parse(queue.getString("now")).plus(wait);
                    Instant dueAt = Instant.parse(queue.getString("dueAt"));
                    Instant start = dueAt.isAfter(estimate) ? dueAt : estimate;
                    generation.put("estimatedStart", GenerationRowMapper.formatTime(start.atOffset(ZoneOffset.UTC)));
                });
            }
        }
        return generation;
    }
}
