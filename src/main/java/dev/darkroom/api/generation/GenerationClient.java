package dev.darkroom.api.generation;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.IdempotencyKeyHeader;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.auth.Role;
import dev.darkroom.eventbus.BusCommand;
import dev.darkroom.generation.GenerationBus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * The API's way to generations: commands to the generation verticles of this process. Every refusal, and every silence,
 * comes back as a {@code Problem}.
 */
public final class GenerationClient {
    private final CommandClient bus;

    public GenerationClient(Vertx vertx, Duration timeout) {
        this.bus = new CommandClient(vertx, GenerationBus.COMMANDS, timeout);
    }

    /**
     * A generation that was made.
     *
     * @param replayed whether an earlier request with the same key made it
     */
    record CreatedGeneration(JsonObject generation, boolean replayed) {

        private static CreatedGeneration of(JsonObject reply) {
            return new CreatedGeneration(reply.getJsonObject("generation"), reply.getBoolean("replayed", false));
        }
    }

    /** Stores a generation. */
    Future<CreatedGeneration> create(OperationContext operationContext) {
        JsonObject body = new JsonObject().put("user", operationContext.user()).put("request", operationContext.body());
        return bus.send(GenerationBus.CREATE, withIdempotencyKey(body, operationContext), operationContext)
                .map(CreatedGeneration::of);
    }

    /** Stores a generation that asks for what a failed one of the user's asked for. */
    Future<CreatedGeneration> retry(OperationContext operationContext, String id) {
        return bus.send(
                        GenerationBus.RETRY,
                        withIdempotencyKey(commandForId(operationContext, id), operationContext),
                        operationContext)
                .map(CreatedGeneration::of);
    }

    /** A generation of the user's; an admin's is anybody's. */
    Future<JsonObject> get(OperationContext operationContext, String id) {
        return bus.send(GenerationBus.GET, commandForId(operationContext, id), operationContext)
                .map(reply -> reply.getJsonObject("generation"));
    }

    /** The same, when it has ended or after {@code wait}. */
    Future<JsonObject> get(OperationContext operationContext, String id, Duration wait) {
        JsonObject command = commandForId(operationContext, id).put("waitMs", wait.toMillis());
        return bus.send(GenerationBus.GET, command, operationContext, wait)
                .map(reply -> reply.getJsonObject("generation"));
    }

    /** Ends a generation of the user's that has not ended; completes with it. */
    Future<JsonObject> cancel(OperationContext operationContext, String id) {
        return bus.send(GenerationBus.CANCEL, commandForId(operationContext, id), operationContext)
                .map(reply -> reply.getJsonObject("generation"));
    }

    /** Deletes a generation of the user's that has ended. */
    Future<Void> delete(OperationContext operationContext, String id) {
        return bus.send(GenerationBus.DELETE, commandForId(operationContext, id), operationContext)
                .mapEmpty();
    }

    /** A page of the user's generations: {@code items}, and {@code nextCursor} if there are more. */
    Future<JsonObject> list(OperationContext operationContext) {
        JsonObject command = operationContext.parameters().copy().put("user", operationContext.user());
        return bus.send(GenerationBus.LIST, command, operationContext);
    }

    /** Where a picture is kept, for whoever holds a link to it, or may read its generation. */
    Future<JsonObject> getImage(OperationContext operationContext, String id) {
        JsonObject command = operationContext.principal() == null
                ? new JsonObject().put("link", true).put("id", id)
                : commandForId(operationContext, id);
        return bus.send(GenerationBus.GET_IMAGE, command, operationContext).map(reply -> reply.getJsonObject("image"));
    }

    private static JsonObject withIdempotencyKey(JsonObject command, OperationContext operationContext) {
        String header = operationContext.parameter(IdempotencyKeyHeader.NAME);
        if (header == null) {
            return command;
        }
        return command.put("idempotencyKey", IdempotencyKeyHeader.parse(header));
    }

    private static JsonObject commandForId(OperationContext operationContext, String id) {
        JsonObject command =
                new JsonObject().put("user", operationContext.user()).put("id", id);
        return operationContext.principal().role() == Role.ADMIN ? command.put(BusCommand.AS_ADMIN, true) : command;
    }
}
