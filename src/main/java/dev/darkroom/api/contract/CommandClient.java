package dev.darkroom.api.contract;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.eventbus.CommandProtocol;
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

/** Sends commands to verticles of this process. A rejected command or a missing reply fails the future with a {@link Problem}. */
public final class CommandClient {
    private static final Logger LOG = LoggerFactory.getLogger(CommandClient.class);

    private final Vertx vertx;
    private final String address;
    private final Duration timeout;

    public CommandClient(Vertx vertx, String address, Duration timeout) {
        this.vertx = vertx;
        this.address = address;
        this.timeout = timeout;
    }

    public Future<JsonObject> send(String action, JsonObject body, OperationContext operationContext) {
        return send(action, body, operationContext, Duration.ZERO);
    }

    /** @param extraTimeout added to the usual timeout of commands */
    public Future<JsonObject> send(
            String action, JsonObject body, OperationContext operationContext, Duration extraTimeout) {
        DeliveryOptions options = new DeliveryOptions()
                .setLocalOnly(true)
                .setSendTimeout(timeout.plus(extraTimeout).toMillis())
                .addHeader(CommandProtocol.ACTION_HEADER, action)
                .addHeader(CommandProtocol.VERSION_HEADER, CommandProtocol.VERSION)
                .addHeader(CommandProtocol.REQUEST_ID_HEADER, operationContext.requestId());
        return vertx.eventBus()
                .<JsonObject>request(address, body, options)
                .recover(failure -> {
                    LOG.atWarn()
                            .addKeyValue("requestId", operationContext.requestId())
                            .addKeyValue("address", address)
                            .addKeyValue("action", action)
                            .addKeyValue("reason", failure.getMessage())
                            .log("command failed, no reply received");
                    return Future.failedFuture(Problem.unavailable());
                })
                .compose(reply -> {
                    JsonObject error = reply.body().getJsonObject("error");
                    return error == null ? Future.succeededFuture(reply.body()) : Future.failedFuture(toProblem(error));
                });
    }

    private static Problem toProblem(JsonObject error) {
        return switch (error.getString("code")) {
            case CommandProtocol.INVALID -> Problem.invalid(toValidationErrors(error));
            case CommandProtocol.NOT_FOUND -> Problem.notFound(capitalize(error.getString("message")));
            case CommandProtocol.CONFLICT -> Problem.conflict(capitalize(error.getString("message")));
            case CommandProtocol.UNAVAILABLE -> Problem.unavailable();
            case GenerationBus.KEY_REUSED -> Problem.idempotencyKeyReused();
            case GenerationBus.OVERLOADED ->
                Problem.overloaded(capitalize(error.getString("message")), error.getLong("retryAfterSeconds"));
            case GenerationBus.QUOTA_EXCEEDED ->
                Problem.quotaExceeded(capitalize(error.getString("message")), error.getLong("retryAfterSeconds"));
            default -> Problem.internalError();
        };
    }

    private static List<Problem.ValidationError> toValidationErrors(JsonObject error) {
        List<Problem.ValidationError> errors = new ArrayList<>();
        for (Object field : error.getJsonArray("errors", new JsonArray())) {
            JsonObject json = (JsonObject) field;
            errors.add(new Problem.ValidationError(json.getString("pointer"), json.getString("detail")));
        }
        return errors.isEmpty() ? List.of(new Problem.ValidationError("#", error.getString("message"))) : errors;
    }

    private static String capitalize(String message) {
        return Character.toUpperCase(message.charAt(0)) + message.substring(1) + ".";
    }
}
