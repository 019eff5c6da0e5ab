package dev.darkroom.notification.stream;

import dev.darkroom.database.NotifyChannel;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.notification.NotifyUserKey;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.Consumer;

/**
 * Says that something was recorded: to the hub of this process at once, to other processes by a hint, and on the event bus. Whoever
 * hears none of it looks by themselves. Thread-safe.
 */
public final class NotificationPublisher implements Consumer<List<Notification>> {
    private final Vertx vertx;
    private final NotificationHub hub;
    private final NotifyChannel notifyChannel;

    public NotificationPublisher(Vertx vertx, NotificationHub hub, NotifyChannel notifyChannel) {
        this.vertx = vertx;
        this.hub = hub;
        this.notifyChannel = notifyChannel;
    }

    @Override
    public void accept(List<Notification> recorded) {
        hub.onRecorded(recorded);
        recorded.stream()
                .map(Notification::userId)
                .distinct()
                .forEach(user -> notifyChannel.send(NotificationBus.RECORDED_TOPIC, NotifyUserKey.of(user)));
        recorded.forEach(one -> vertx.eventBus()
                .publish(
                        NotificationBus.EVENTS,
                        new JsonObject()
                                .put("version", 1)
                                .put("user", one.userId())
                                .put("notification", one.toJson())));
    }
}
