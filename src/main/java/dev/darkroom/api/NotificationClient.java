package dev.darkroom.api;

import dev.darkroom.notification.NotificationBus;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;

/**
 * The API's way to notifications: commands to the notification verticles of this process. They are their user's alone: an admin has
 * no business with what somebody else was told.
 */
final class NotificationClient {
    private final BusClient bus;

    NotificationClient(Vertx vertx, Duration timeout) {
        this.bus = new BusClient(vertx, NotificationBus.COMMANDS, timeout);
    }

    /** A page of the user's. */
    Future<JsonObject> list(Exchange exchange) {
        return bus.send(NotificationBus.LIST, exchange.parameters().copy().put("user", exchange.user()), exchange);
    }

    /** A device of the user's has everything up to a number. */
    Future<JsonObject> ack(Exchange exchange) {
        return bus.send(NotificationBus.ACK, exchange.body().copy().put("user", exchange.user()), exchange);
    }

    /** The same for a socket, which has no body. */
    Future<JsonObject> ack(Exchange exchange, String user, long seq, String subscriber) {
        JsonObject command = new JsonObject().put("user", user).put("seq", seq);
        return bus.send(
                NotificationBus.ACK, subscriber == null ? command : command.put("subscriber", subscriber), exchange);
    }

    /** Somebody has opened one; completes with it. */
    Future<JsonObject> read(Exchange exchange, String id) {
        return bus.send(
                        NotificationBus.READ,
                        new JsonObject().put("user", exchange.user()).put("id", id),
                        exchange)
                .map(reply -> reply.getJsonObject("notification"));
    }
}
