package dev.darkroom.webhook;

import dev.darkroom.notification.Notification;
import io.vertx.core.json.JsonObject;

/**
 * What is sent of a notification. Made once, when it is recorded, and kept: every attempt sends the same bytes.
 *
 * @param source who speaks, for CloudEvents: a URI
 */
public record PayloadFactory(String source) {

    /** Standard Webhooks 1.0.0. */
    String standardWebhook(Notification notification) {
        JsonObject told = notification.toJson();
        return standardWebhook(notification.type(), told.getString("timestamp"), notification.data());
    }

    public static String standardWebhook(String type, String timestamp, JsonObject data) {
        return new JsonObject()
                .put("type", type)
                .put("timestamp", timestamp)
                .put("data", data)
                .encode();
    }

    /** CloudEvents 1.0.2, structured mode. What it is about stands in {@code subject} and not again in {@code data}. */
    String cloudEvent(Notification notification) {
        JsonObject told = notification.toJson();
        JsonObject data = notification.data().copy();
        JsonObject event = cloudEvent(
                notification.id().toString(), source, notification.type(), told.getString("timestamp"), data);
        if (notification.generationId() != null) {
            event.put("subject", notification.generationId().toString());
            data.remove("generationId");
        }
        return event.put("sequence", String.valueOf(notification.seq())).encode();
    }

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
