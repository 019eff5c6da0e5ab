package dev.darkroom.api.notification;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.notification.stream.NotificationSubscription;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;

/** A sign of life that scripts can see. Whoever has not heard of {@code top} has missed something. */
final class NotificationPing {
    private NotificationPing() {}

    static JsonObject create(InstantSource clock, NotificationSubscription notificationSubscription) {
        return new JsonObject()
                .put("at", Rfc3339Timestamp.format(clock.instant()))
                .put("top", notificationSubscription.lastSeq());
    }
}
