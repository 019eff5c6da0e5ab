package dev.darkroom.webhook;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.notification.Notification;
import io.vertx.core.json.JsonObject;

/**
 * Creates webhook payloads according to Standard Webhooks 1.0.0. A payload is created once, when the notification is stored; every attempt
 * sends the same bytes.
 */
public final class WebhookPayloadFactory {
    private WebhookPayloadFactory() {}

    /** Encodes a notification. */
    static String standardWebhook(Notification notification) {
        String timestamp = Rfc3339Timestamp.format(notification.createdAt());
        return standardWebhook(notification.type(), timestamp, notification.data());
    }

    /** Encodes a payload; {@code timestamp} is an RFC 3339 timestamp. */
    public static String standardWebhook(String type, String timestamp, JsonObject data) {
        return new JsonObject()
                .put("type", type)
                .put("timestamp", timestamp)
                .put("data", data)
                .encode();
    }
}
