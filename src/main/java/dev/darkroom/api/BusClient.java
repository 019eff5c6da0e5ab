package dev.darkroom.api;

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

/** Sends commands to verticles of this process. Every refusal, and every silence, comes back as a {@link Problem}. */
final class BusClient {
    private static final Logger LOG = LoggerFactory.getLogger(BusClient.class);

    private final Vertx vertx;
    private final String address;
    private final Duration timeout;

    BusClient(Vertx vertx, String address, Duration timeout) {
        this.vertx = vertx;
        this.address = address;
        this.timeout = timeout;
    }

    Future<JsonObject> send(String action, JsonObject body, Exchange exchange) {
        return send(action, body, exchange, Duration.ZERO);
    }

    /** @param longer how much longer than others this command may take */
    Future<JsonObject> send(String action, JsonObject body, Exchange exchange, Duration longer) {
        DeliveryOptions options = new DeliveryOptions()
                .setLocalOnly(true)
                .setSendTimeout(timeout.plus(longer).toMillis())
                .addHeader(CommandNames.ACTION, action)
                .addHeader(CommandNames.VERSION_HEADER, CommandNames.VERSION)
                .addHeader(CommandNames.REQUEST_ID, exchange.requestId());
        return vertx.eventBus()
                .<JsonObject>request(address, body, options)
                .recover(silence -> {
                    LOG.atWarn()
                            .addKeyValue("request", exchange.requestId())
                            .addKeyValue("address", address)
                            .addKeyValue("action", action)
                            .addKeyValue("reason", silence.getMessage())
                            .log("no answer to a command");
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
            case CommandNames.UNAVAILABLE -> Problem.unavailable();
            case GenerationBus.KEY_REUSED -> Problem.keyReused();
            case GenerationBus.OVERLOADED ->
                Problem.overloaded(capitalised(error.getString("message")), error.getLong("retryAfterSeconds"));
            case GenerationBus.LIMITED ->
                Problem.limitReached(capitalised(error.getString("message")), error.getLong("retryAfterSeconds"));
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
