package dev.darkroom.api.notification;

import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.OperationContext;
import dev.darkroom.api.security.AuthenticationHandler;
import dev.darkroom.auth.StreamTickets;
import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.notification.NotificationCommand.AcknowledgeNotifications;
import dev.darkroom.notification.NotificationCommand.ListNotifications;
import dev.darkroom.notification.NotificationCommand.MarkNotificationRead;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.NotificationPresenter;
import dev.darkroom.notification.NotificationResult.Acknowledgement;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * Sends commands to the notification verticles of this process, and returns the JSON of their results. A rejected command or a missing
 * reply fails the future with a {@code Problem}.
 */
public final class NotificationClient {
    private final CommandClient bus;
    private final StreamTickets streamTickets;

    public NotificationClient(Vertx vertx, Duration timeout, StreamTickets streamTickets) {
        this.bus = new CommandClient(vertx, NotificationBus.COMMANDS, timeout);
        this.streamTickets = streamTickets;
    }

    /** Returns a page of the notifications of the user. */
    public Future<JsonObject> list(OperationContext operationContext) {
        String cursor = operationContext.parameter("cursor");
        return bus.send(
                        new ListNotifications(
                                operationContext.user(),
                                cursor == null
                                        ? null
                                        : NotificationCursor.parse(cursor).orElseThrow(),
                                operationContext.limit()),
                        operationContext)
                .map(NotificationPresenter::toJson);
    }

    /** Acknowledges the notifications of the user up to the sequence number in the body. */
    public Future<JsonObject> acknowledge(OperationContext operationContext) {
        JsonObject body = operationContext.body();
        return acknowledge(operationContext, operationContext.user(), body.getLong("seq"), body.getString("subscriber"))
                .map(NotificationPresenter::toJson);
    }

    /**
     * Acknowledges the notifications of the user up to {@code seq}.
     *
     * @param subscriber null when the client named none
     */
    Future<Acknowledgement> acknowledge(OperationContext operationContext, String user, long seq, String subscriber) {
        return bus.send(new AcknowledgeNotifications(user, seq, subscriber), operationContext);
    }

    /** Marks a notification as read, and returns it. */
    public Future<JsonObject> markRead(OperationContext operationContext) {
        return bus.send(
                        new MarkNotificationRead(operationContext.user(), operationContext.uuid("notificationId")),
                        operationContext)
                .map(NotificationPresenter::toInboxJson);
    }

    /** {@code POST /api/notifications/ticket}. No other response contains the ticket. */
    public Future<JsonObject> createTicket(OperationContext operationContext) {
        return streamTickets
                .create(operationContext.principal(), operationContext.credential())
                .map(ticket -> new JsonObject()
                        .put("ticket", ticket.secret())
                        .put("expiresAt", Rfc3339Timestamp.format(ticket.expiresAt())))
                .recover(failure -> Future.failedFuture(AuthenticationHandler.toProblem(failure)));
    }
}
