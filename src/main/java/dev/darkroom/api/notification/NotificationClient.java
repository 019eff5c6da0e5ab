package dev.darkroom.api.notification;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.notification.NotificationBus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * The API's way to notifications: commands to the notification verticles of this process. They are their user's alone: an admin has
 * no business with what somebody else was told.
 */
public final class NotificationClient {
    private final CommandClient bus;

    public NotificationClient(Vertx vertx, Duration timeout) {
        this.bus = new CommandClient(vertx, NotificationBus.COMMANDS, timeout);
    }

    /** A page of the user's. */
    public Future<JsonObject> list(OperationContext operationContext) {
        return bus.send(
                NotificationBus.LIST,
                operationContext.parameters().copy().put("user", operationContext.user()),
                operationContext);
    }

    /** A device of the user's has everything up to a number. */
    public Future<JsonObject> acknowledge(OperationContext operationContext) {
        return bus.send(
                NotificationBus.ACK,
                operationContext.body().copy().put("user", operationContext.user()),
                operationContext);
    }

    /** The same for a socket, which has no body. */
    Future<JsonObject> acknowledge(OperationContext operationContext, String user, long seq, String subscriber) {
        JsonObject command = new JsonObject().put("user", user).put("seq", seq);
        return bus.send(
                NotificationBus.ACK,
                subscriber == null ? command : command.put("subscriber", subscriber),
                operationContext);
    }

    /** Somebody has opened one; completes with it. */
    public Future<JsonObject> markRead(OperationContext operationContext, String id) {
        return bus.send(
                        NotificationBus.MARK_READ,
                        new JsonObject().put("user", operationContext.user()).put("id", id),
                        operationContext)
                .map(reply -> reply.getJsonObject("notification"));
    }
}
