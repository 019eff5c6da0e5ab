package dev.darkroom.notification;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import io.vertx.core.json.JsonObject;

/**
 * Creates CloudEvents 1.0.2 of notifications, in structured mode. Thread-safe.
 *
 * @param source URI of this installation, the attribute {@code source}
 */
public record CloudEventFactory(String source) {

    /** Creates the event of a notification. The generation id is in {@code subject} and not in {@code data}. */
    public JsonObject create(Notification notification) {
        JsonObject data = notification.data();
        JsonObject event = create(
                notification.id().toString(),
                source,
                notification.type(),
                Rfc3339Timestamp.format(notification.createdAt()),
                data);
        if (notification.generationId() != null) {
            event.put("subject", notification.generationId().toString());
            data.remove("generationId");
        }
        return event.put("sequence", String.valueOf(notification.seq()));
    }

    /** Creates an event; {@code time} is an RFC 3339 timestamp. */
    public static JsonObject create(String id, String source, String type, String time, JsonObject data) {
        return new JsonObject()
                .put("specversion", "1.0")
                .put("id", id)
                .put("source", source)
                .put("type", "dev.darkroom." + type)
                .put("time", time)
                .put("datacontenttype", "application/json")
                .put("data", data);
    }
}
