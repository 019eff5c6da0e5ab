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
 * Sends commands to the generation verticles of this process. Error replies and reply timeouts fail the returned future
 * with a {@code Problem}.
 */
public final class GenerationClient {
    private final CommandClient bus;

    public GenerationClient(Vertx vertx, Duration timeout) {
        this.bus = new CommandClient(vertx, GenerationBus.COMMANDS, timeout);
    }

    /**
     * The reply to a create or retry command.
     *
     * @param replayed whether an earlier request with the same idempotency key created the generation
     */
    record CreatedGeneration(JsonObject generation, boolean replayed) {

        private static CreatedGeneration of(JsonObject reply) {
            return new CreatedGeneration(reply.getJsonObject("generation"), reply.getBoolean("replayed", false));
        }
    }

    /** Creates a generation from the request body. */
    Future<CreatedGeneration> create(OperationContext operationContext) {
        JsonObject body = new JsonObject().put("user", operationContext.user()).put("request", operationContext.body());
        return bus.send(GenerationBus.CREATE, withIdempotencyKey(body, operationContext), operationContext)
                .map(CreatedGeneration::of);
    }

    /** Creates a generation with the parameters of a failed generation of the user. */
    Future<CreatedGeneration> retry(OperationContext operationContext, String id) {
        return bus.send(
                        GenerationBus.RETRY,
                        withIdempotencyKey(commandForId(operationContext, id), operationContext),
                        operationContext)
                .map(CreatedGeneration::of);
    }

    /** Returns a generation of the user. An admin may read the generations of all users. */
    Future<JsonObject> get(OperationContext operationContext, String id) {
        return bus.send(GenerationBus.GET, commandForId(operationContext, id), operationContext)
                .map(reply -> reply.getJsonObject("generation"));
    }

    /** Returns a generation as soon as it has finished, at the latest after {@code wait}. */
    Future<JsonObject> get(OperationContext operationContext, String id, Duration wait) {
        JsonObject command = commandForId(operationContext, id).put("waitMs", wait.toMillis());
        return bus.send(GenerationBus.GET, command, operationContext, wait)
                .map(reply -> reply.getJsonObject("generation"));
    }

    /** Cancels a pending generation and returns it. */
    Future<JsonObject> cancel(OperationContext operationContext, String id) {
        return bus.send(GenerationBus.CANCEL, commandForId(operationContext, id), operationContext)
                .map(reply -> reply.getJsonObject("generation"));
    }

    /** Deletes a finished generation. */
    Future<Void> delete(OperationContext operationContext, String id) {
        return bus.send(GenerationBus.DELETE, commandForId(operationContext, id), operationContext)
                .mapEmpty();
    }

    /** Returns a page of the generations of the user: {@code items}, and {@code nextCursor} if there are more. */
    Future<JsonObject> list(OperationContext operationContext) {
        JsonObject command = operationContext.parameters().copy().put("user", operationContext.user());
        return bus.send(GenerationBus.LIST, command, operationContext);
    }

    /**
     * Returns the stored metadata of an image. A request without a principal carries a valid signed URL; otherwise the
     * principal must be allowed to read the generation.
     */
    Future<JsonObject> getImage(OperationContext operationContext, String id) {
        JsonObject command = operationContext.principal() == null
                ? new JsonObject().put("signedUrl", true).put("id", id)
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
