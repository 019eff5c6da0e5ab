package dev.darkroom.api;

import dev.darkroom.access.Role;
import dev.darkroom.command.Command;
import dev.darkroom.generation.GenerationBus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * The API's way to generations: commands to the generation verticles of this process. Every refusal, and every silence,
 * comes back as a {@link Problem}.
 */
final class GenerationClient {
    private final BusClient bus;

    GenerationClient(Vertx vertx, Duration timeout) {
        this.bus = new BusClient(vertx, GenerationBus.COMMANDS, timeout);
    }

    /**
     * A generation that was made.
     *
     * @param replayed whether an earlier request with the same key made it
     */
    record Made(JsonObject generation, boolean replayed) {

        private static Made of(JsonObject reply) {
            return new Made(reply.getJsonObject("generation"), reply.getBoolean("replayed", false));
        }
    }

    /** Stores a generation. */
    Future<Made> create(Exchange exchange) {
        JsonObject body = new JsonObject().put("user", exchange.user()).put("request", exchange.body());
        return bus.send(GenerationBus.CREATE, withKey(body, exchange), exchange).map(Made::of);
    }

    /** Stores a generation that asks for what a failed one of the user's asked for. */
    Future<Made> retry(Exchange exchange, String id) {
        return bus.send(GenerationBus.RETRY, withKey(byId(exchange, id), exchange), exchange)
                .map(Made::of);
    }

    /** A generation of the user's; an admin's is anybody's. */
    Future<JsonObject> get(Exchange exchange, String id) {
        return bus.send(GenerationBus.GET, byId(exchange, id), exchange)
                .map(reply -> reply.getJsonObject("generation"));
    }

    /** The same, when it has ended or after {@code wait}. */
    Future<JsonObject> get(Exchange exchange, String id, Duration wait) {
        JsonObject command = byId(exchange, id).put("waitMs", wait.toMillis());
        return bus.send(GenerationBus.GET, command, exchange, wait).map(reply -> reply.getJsonObject("generation"));
    }

    /** Ends a generation of the user's that has not ended; completes with it. */
    Future<JsonObject> cancel(Exchange exchange, String id) {
        return bus.send(GenerationBus.CANCEL, byId(exchange, id), exchange)
                .map(reply -> reply.getJsonObject("generation"));
    }

    /** Deletes a generation of the user's that has ended. */
    Future<Void> delete(Exchange exchange, String id) {
        return bus.send(GenerationBus.DELETE, byId(exchange, id), exchange).mapEmpty();
    }

    /** A page of the user's generations: {@code items}, and {@code nextCursor} if there are more. */
    Future<JsonObject> list(Exchange exchange) {
        JsonObject command = exchange.parameters().copy().put("user", exchange.user());
        return bus.send(GenerationBus.LIST, command, exchange);
    }

    /** Where a picture is kept, for whoever holds a link to it, or may read its generation. */
    Future<JsonObject> getImage(Exchange exchange, String id) {
        JsonObject command =
                exchange.caller() == null ? new JsonObject().put("link", true).put("id", id) : byId(exchange, id);
        return bus.send(GenerationBus.GET_IMAGE, command, exchange).map(reply -> reply.getJsonObject("image"));
    }

    private static JsonObject withKey(JsonObject command, Exchange exchange) {
        String header = exchange.parameter(IdempotencyKeyHeader.NAME);
        if (header == null) {
            return command;
        }
        return command.put("idempotencyKey", IdempotencyKeyHeader.key(header));
    }

    private static JsonObject byId(Exchange exchange, String id) {
        JsonObject command = new JsonObject().put("user", exchange.user()).put("id", id);
        return exchange.caller().role() == Role.ADMIN ? command.put(Command.ANYBODYS, true) : command;
    }
}
