package dev.darkroom.api;

import dev.darkroom.access.Role;
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

    /** Stores a generation; completes with it. */
    Future<JsonObject> create(Exchange exchange) {
        JsonObject body = new JsonObject().put("user", exchange.user()).put("request", exchange.body());
        return send(GenerationBus.CREATE, body, exchange).map(reply -> reply.getJsonObject("generation"));
    }

    /** A generation of the user's; an admin's is anybody's. */
    Future<JsonObject> get(Exchange exchange, String id) {
        return send(GenerationBus.GET, byId(exchange, id), exchange).map(reply -> reply.getJsonObject("generation"));
    }

    /** Where a picture of the user's is kept; an admin's is anybody's. */
    Future<JsonObject> getImage(Exchange exchange, String id) {
        return send(GenerationBus.GET_IMAGE, byId(exchange, id), exchange).map(reply -> reply.getJsonObject("image"));
    }

    private static JsonObject byId(Exchange exchange, String id) {
        JsonObject command = new JsonObject().put("user", exchange.user()).put("id", id);
        return exchange.caller().role() == Role.ADMIN ? command.put(GenerationBus.ANYBODYS, true) : command;
    }

    private Future<JsonObject> send(String action, JsonObject body, Exchange exchange) {
        DeliveryOptions options = new DeliveryOptions()
                .setLocalOnly(true)
                .setSendTimeout(timeout.toMillis())
                .addHeader(GenerationBus.ACTION, action)
                .addHeader(GenerationBus.VERSION_HEADER, GenerationBus.VERSION)
                .addHeader(GenerationBus.REQUEST_ID, exchange.requestId());
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
            case GenerationBus.INVALID -> Problem.invalid(fieldErrors(error));
            case GenerationBus.NOT_FOUND -> Problem.notFound(capitalised(error.getString("message")));
            case GenerationBus.OVERLOADED -> Problem.overloaded(error.getLong("retryAfterSeconds"));
            case GenerationBus.UNAVAILABLE -> Problem.unavailable();
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
