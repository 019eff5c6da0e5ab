package dev.darkroom.api.notification;

import dev.darkroom.api.problem.Problem;
import dev.darkroom.notification.SubscriberName;
import dev.darkroom.notification.stream.NotificationFrame;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.Set;

/**
 * What a client says on a socket.
 *
 * @param resume whether it is the first, {@code resume}; otherwise it is {@code ack}
 * @param ticket null when there is none
 * @param lastEventId null when there is none; may be anything
 * @param subscriber null when there is none
 * @param seq of an {@code ack}
 */
record SocketMessage(boolean resume, String ticket, String lastEventId, String subscriber, long seq) {
    private static final Set<String> RESUME_FIELDS = Set.of("op", "ticket", "lastEventId", "subscriber");
    private static final Set<String> ACK_FIELDS = Set.of("op", "seq");

    /**
     * @param unknown whether it has to say who it is
     * @throws Problem when it is not what the contract allows
     */
    static SocketMessage parse(String text, boolean unknown) {
        JsonObject json;
        try {
            json = new JsonObject(text);
        } catch (DecodeException e) {
            throw Problem.invalid("#", "must be a JSON object");
        }
        Object op = json.getValue("op");
        if ("resume".equals(op)) {
            requireKnownFields(RESUME_FIELDS, json);
            String ticket = optionalString(json, "ticket");
            if (ticket == null && unknown) {
                throw Problem.invalid("#/ticket", "is required");
            }
            String subscriber = optionalString(json, "subscriber");
            if (subscriber != null && !SubscriberName.isValid(subscriber)) {
                throw Problem.invalid("#/subscriber", SubscriberName.FORMAT_DESCRIPTION);
            }
            return new SocketMessage(true, ticket, optionalString(json, "lastEventId"), subscriber, 0);
        }
        if ("ack".equals(op)) {
            requireKnownFields(ACK_FIELDS, json);
            Object seq = json.getValue("seq");
            if (!(seq instanceof Integer || seq instanceof Long) || ((Number) seq).longValue() < 1) {
                throw Problem.invalid("#/seq", "must be a positive integer");
            }
            return new SocketMessage(false, null, null, null, ((Number) seq).longValue());
        }
        throw Problem.invalid("#/op", "must be resume or ack");
    }

    private static void requireKnownFields(Set<String> known, JsonObject json) {
        for (String name : json.fieldNames()) {
            if (!known.contains(name)) {
                throw Problem.invalid("#", "has a field that is not known; known: " + String.join(", ", known));
            }
        }
    }

    private static String optionalString(JsonObject json, String name) {
        Object value = json.getValue(name);
        if (value != null && !(value instanceof String)) {
            throw Problem.invalid("#/" + name, "must be a string");
        }
        return (String) value;
    }

    /** What the hub has, as a text. The frame that tells where the stream begins is an event of its own here. */
    static String encode(NotificationFrame notificationFrame) {
        String data = notificationFrame.data().isEmpty() ? "{}" : notificationFrame.data();
        String event = notificationFrame.event() == null ? "begin" : notificationFrame.event();
        // Names and ids are ours, and need no escaping.
        return "{\"event\":\"" + event + "\","
                + (notificationFrame.id() == null ? "" : "\"id\":\"" + notificationFrame.id() + "\",") + "\"data\":"
                + data + "}";
    }

    /** Anything else that is told. */
    static String encodeEvent(String event, JsonObject data) {
        return new JsonObject().put("event", event).put("data", data).encode();
    }
}
