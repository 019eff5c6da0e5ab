package dev.darkroom.api.notification;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.notification.stream.NotificationSubscription;
import io.vertx.core.json.JsonObject;
import java.time.Instant;

/** Creates the data of a ping. {@code lastSeq} is the latest sequence number: a client without it has missed notifications. */
final class NotificationPing {
    private NotificationPing() {}

    static JsonObject create(NotificationSubscription notificationSubscription) {
        return new JsonObject()
                .put("at", Rfc3339Timestamp.format(Instant.now()))
                .put("lastSeq", notificationSubscription.lastSeq());
    }
}
