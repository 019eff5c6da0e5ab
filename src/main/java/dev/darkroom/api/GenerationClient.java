package dev.darkroom.api;

import dev.darkroom.access.Role;
import dev.darkroom.command.Command;
import dev.darkroom.command.CommandNames;
import dev.darkroom.generation.GenerationBus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The API's way to generations: commands to the generation verticles of this process. Every refusal, and every silence,
 * comes back as a {@link Problem}.
 */
final class GenerationClient {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationClient.class);

    private final Vertx vertx;
    private final Duration timeout;

    GenerationClient(Vertx vertx, Duration timeout) {
        this.vertx = vertx;
        this.timeout = timeout;
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
        return send(GenerationBus.CREATE, withKey(body, exchange), exchange).map(Made::of);
    }

    /** Stores a generation that asks for what a failed one of the user's asked for. */
    Future<Made> retry(Exchange exchange, String id) {
        return send(GenerationBus.RETRY, withKey(byId(exchange, id), exchange), exchange)
                .map(Made::of);
    }

    /** A generation of the user's; an admin's is anybody's. */
    Future<JsonObject> get(Exchange exchange, String id) {
        return send(GenerationBus.GET, byId(exchange, id), exchange).map(reply -> reply.getJsonObject("generation"));
    }

    /** The same, when it has ended or after {@code wait}. */
    Future<JsonObject> get(Exchange exchange, String id, Duration wait) {
        JsonObject command = byId(exchange, id).put("waitMs", wait.toMillis());
        return send(GenerationBus.GET, command, exchange, timeout.plus(wait))
                .map(reply -> reply.getJsonObject("generation"));
    }

    /** Ends a generation of the user's that has not ended; completes with it. */
    Future<JsonObject> cancel(Exchange exchange, String id) {
        return send(GenerationBus.CANCEL, byId(exchange, id), exchange).map(reply -> reply.getJsonObject("generation"));
    }

    /** Deletes a generation of the user's that has ended. */
    Future<Void> delete(Exchange exchange, String id) {
        return send(GenerationBus.DELETE, byId(exchange, id), exchange).mapEmpty();
    }

    /** A page of the user's generations: {@code items}, and {@code nextCursor} if there are more. */
    Future<JsonObject> list(Exchange exchange) {
        JsonObject command = exchange.parameters().copy().put("user", exchange.user());
        return send(GenerationBus.LIST, command, exchange);
    }

    /** Where a picture is kept, for whoever holds a link to it, or may read its generation. */
    Future<JsonObject> getImage(Exchange exchange, String id) {
        JsonObject command =
                exchange.caller() == null ? new JsonObject().put("link", true).put("id", id) : byId(exchange, id);
        return send(GenerationBus.GET_IMAGE, command, exchange).map(reply -> reply.getJsonObject("image"));
    }

    private static JsonObject withKey(JsonObject command, Exchange exchange) {
        String header = exchange.parameter(Parameters.IDEMPOTENCY_KEY);
        if (header == null) {
            return command;
        }
        // The draft has a structured string, in quotes; nearly everybody leaves them out.
        boolean quoted = header.length() > 2 && header.startsWith("\"") && header.endsWith("\"");
        return command.put("idempotencyKey", quoted ? header.substring(1, header.length() - 1) : header);
    }

    private static JsonObject byId(Exchange exchange, String id) {
        JsonObject command = new JsonObject().put("user", exchange.user()).put("id", id);
        return exchange.caller().role() == Role.ADMIN ? command.put(Command.ANYBODYS, true) : command;
    }

    private Future<JsonObject> send(String action, JsonObject body, Exchange exchange) {
        return send(action, body, exchange, timeout);
    }

    private Future<JsonObject> send(String action, JsonObject body, Exchange exchange, Duration patience) {
        DeliveryOptions options = new DeliveryOptions()
                .setLocalOnly(true)
                .setSendTimeout(patience.toMillis())
                .addHeader(CommandNames.ACTION, action)
                .addHeader(CommandNames.VERSION_HEADER, CommandNames.VERSION)
                .addHeader(CommandNames.REQUEST_ID, exchange.requestId());
        return vertx.eventBus()
                .<JsonObject>request(GenerationBus.COMMANDS, body, options)
                .recover(silence -> {
                    LOG.atWarn()
                            .addKeyValue("request", exchange.requestId())
                            .addKeyValue("action", action)
                            .addKeyValue("reason", silence.getMessage())
                            .log("no answer from a generation verticle");
                    return Future.failedFuture(Problem.unavailable());
                })
                .compose(reply -> {
                    JsonObject error = reply.body().getJsonObject("error");
                    return error == null ? Future.succeededFuture(reply.body()) : Future.failedFuture(problem(error));
                });
    }

    private static Problem problem(JsonObject error) {
        return switch (error.getString("code")) {
            case CommandNames.INVALID -> Problem.invalid(fieldErrors(error));
            case CommandNames.NOT_FOUND -> Problem.notFound(capitalised(error.getString("message")));
            case CommandNames.CONFLICT -> Problem.conflict(capitalised(error.getString("message")));
            case GenerationBus.KEY_REUSED -> Problem.keyReused();
            case GenerationBus.OVERLOADED ->
                Problem.overloaded(capitalised(error.getString("message")), error.getLong("retryAfterSeconds"));
            case GenerationBus.LIMITED ->
                Problem.limitReached(capitalised(error.getString("message")), error.getLong("retryAfterSeconds"));
            case CommandNames.UNAVAILABLE -> Problem.unavailable();
            default -> Problem.internalError();
        };
    }

    private static List<Problem.FieldError> fieldErrors(JsonObject error) {
        List<Problem.FieldError> errors = new ArrayList<>();
        for (Object field : error.getJsonArray("errors", new JsonArray())) {
            JsonObject json = (JsonObject) field;
            errors.add(new Problem.FieldError(json.getString("pointer"), json.getString("detail")));
        }
        return errors.isEmpty() ? List.of(new Problem.FieldError("#", error.getString("message"))) : errors;
    }

    private static String capitalised(String message) {
        return Character.toUpperCase(message.charAt(0)) + message.substring(1) + ".";
    }
}
