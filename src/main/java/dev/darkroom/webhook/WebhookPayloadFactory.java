package dev.darkroom.webhook;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.notification.Notification;
import io.vertx.core.json.JsonObject;

/**
 * Creates webhook payloads of notifications. A payload is created once, when the notification is stored; every attempt sends the same
 * bytes. Thread-safe.
 *
 * @param source URI of this installation, for the CloudEvents attribute {@code source}
 */
public record WebhookPayloadFactory(String source) {

    /** Encodes a notification according to Standard Webhooks 1.0.0. */
    String standardWebhook(Notification notification) {
        String timestamp = Rfc3339Timestamp.format(notification.createdAt());
        return standardWebhook(notification.type(), timestamp, notification.data());
    }

    /** Encodes a payload according to Standard Webhooks 1.0.0; {@code timestamp} is an RFC 3339 timestamp. */
    public static String standardWebhook(String type, String timestamp, JsonObject data) {
        return new JsonObject()
                .put("type", type)
                .put("timestamp", timestamp)
                .put("data", data)
                .encode();
    }

    /** Encodes a notification as CloudEvents 1.0.2, structured mode. The generation id is in {@code subject} and not in {@code data}. */
    String cloudEvent(Notification notification) {
        String timestamp = Rfc3339Timestamp.format(notification.createdAt());
        JsonObject data = notification.data();
        JsonObject event = cloudEvent(notification.id().toString(), source, notification.type(), timestamp, data);
        if (notification.generationId() != null) {
            event.put("subject", notification.generationId().toString());
            data.remove("generationId");
        }
        return event.put("sequence", String.valueOf(notification.seq())).encode();
    }

    /** Creates a CloudEvents 1.0.2 event in structured mode; {@code time} is an RFC 3339 timestamp. */
    public static JsonObject cloudEvent(String id, String source, String type, String time, JsonObject data) {
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
