package dev.darkroom.notification.stream;

import dev.darkroom.database.NotifyChannel;
import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.notification.NotificationPresenter;
import dev.darkroom.notification.NotifyUserKey;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.function.Consumer;

/**
 * Announces stored notifications to the hub of this process, to other processes by NOTIFY, and on the event bus. Delivery is best effort;
 * hubs also poll the database. Thread-safe.
 */
public record NotificationPublisher(Vertx vertx, NotificationHub hub, NotifyChannel notifyChannel)
        implements Consumer<List<Notification>> {
    @Override
    public void accept(List<Notification> notifications) {
        hub.onRecorded(notifications);
        notifications.stream()
                .map(Notification::userId)
                .distinct()
                .forEach(user ->
                        NotificationBus.RECORDED.publishToOtherProcesses(notifyChannel, NotifyUserKey.of(user)));
        notifications.forEach(notification -> vertx.eventBus()
                .publish(
                        NotificationBus.EVENTS,
                        new JsonObject()
                                .put("version", 1)
                                .put("user", notification.userId())
                                .put("notification", NotificationPresenter.toJson(notification))));
    }
}
