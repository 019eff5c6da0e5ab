package dev.darkroom.webhook;

import dev.darkroom.notification.Notification;
import io.vertx.core.json.JsonObject;

/**
 * What is sent of a notification. Made once, when it is recorded, and kept: every attempt sends the same bytes.
 *
 * @param source who speaks, for CloudEvents: a URI
 */
record Bodies(String source) {

    /** Standard Webhooks 1.0.0. */
    String standard(Notification notification) {
        JsonObject told = notification.toJson();
        return standard(notification.type(), told.getString("timestamp"), notification.data());
    }

    static String standard(String type, String timestamp, JsonObject data) {
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
        JsonObject event = new JsonObject()
                .put("specversion", "1.0")
                .put("id", notification.id().toString())
                .put("source", source)
                .put("type", "dev.darkroom." + notification.type());
        if (notification.generationId() != null) {
            event.put("subject", notification.generationId().toString());
            data.remove("generationId");
        }
        return event.put("time", told.getString("timestamp"))
                .put("sequence", String.valueOf(notification.seq()))
                .put("datacontenttype", "application/json")
                .put("data", data)
                .encode();
    }
}
