package dev.darkroom.api.notification;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.notification.NotificationBus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * Sends commands to the notification verticles of this process. Each command is limited to the notifications of its user, for
 * admins too. Error replies and reply timeouts fail the returned future with a {@code Problem}.
 */
public final class NotificationClient {
    private final CommandClient bus;

    public NotificationClient(Vertx vertx, Duration timeout) {
        this.bus = new CommandClient(vertx, NotificationBus.COMMANDS, timeout);
    }

    /** Returns a page of the notifications of the user. */
    public Future<JsonObject> list(OperationContext operationContext) {
        return bus.send(
                NotificationBus.LIST,
                operationContext.parameters().copy().put("user", operationContext.user()),
                operationContext);
    }

    /** Acknowledges the notifications of the user up to the sequence number in the body. */
    public Future<JsonObject> acknowledge(OperationContext operationContext) {
        return bus.send(
                NotificationBus.ACK,
                operationContext.body().copy().put("user", operationContext.user()),
                operationContext);
    }

    /**
     * Acknowledges the notifications of the user up to {@code seq}, for a WebSocket.
     *
     * @param subscriber null when the client named none
     */
    Future<JsonObject> acknowledge(OperationContext operationContext, String user, long seq, String subscriber) {
        JsonObject command = new JsonObject().put("user", user).put("seq", seq);
        return bus.send(
                NotificationBus.ACK,
                subscriber == null ? command : command.put("subscriber", subscriber),
                operationContext);
    }

    /** Marks a notification as read, and returns it. */
    public Future<JsonObject> markRead(OperationContext operationContext, String id) {
        return bus.send(
                        NotificationBus.MARK_READ,
                        new JsonObject().put("user", operationContext.user()).put("id", id),
                        operationContext)
                .map(reply -> reply.getJsonObject("notification"));
    }
}
