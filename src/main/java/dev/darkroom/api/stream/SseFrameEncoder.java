package dev.darkroom.api.stream;

import dev.darkroom.notification.stream.NotificationFrame;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/**
 * Encodes the frames of an SSE stream (WHATWG HTML, server-sent events). Data is JSON on one line, so text of a user cannot end a
 * frame or begin another. A frame may be written to any number of streams.
 */
public final class SseFrameEncoder {
    private SseFrameEncoder() {}

    /** Encodes an event with an id. The client sends the id as {@code Last-Event-ID} when it reconnects. */
    public static Buffer event(String id, String event, JsonObject data) {
        return frame(id, event, data.encode());
    }

    /** Encodes an event that does not change the last event id of the client. */
    public static Buffer eventWithoutId(String event, JsonObject data) {
        return frame(null, event, data.encode());
    }

    /** Encodes a frame of the notification hub. */
    public static Buffer encode(NotificationFrame notificationFrame) {
        return frame(notificationFrame.id(), notificationFrame.event(), notificationFrame.data());
    }

    /** Encodes a frame; a null id or event is absent. */
    private static Buffer frame(String id, String event, String data) {
        StringBuilder text = new StringBuilder(data.length() + 80);
        if (id != null) {
            text.append("id: ").append(requireSingleLine(id)).append('\n');
        }
        if (event != null) {
            text.append("event: ").append(requireSingleLine(event)).append('\n');
        }
        return Buffer.buffer(text.append("data: ")
                .append(requireSingleLine(data))
                .append("\n\n")
                .toString());
    }

    /** Encodes a frame that only sets the reconnect delay of the client. */
    public static Buffer retry(int retryMs) {
        return Buffer.buffer("retry: " + retryMs + "\n\n");
    }

    /**
     * Encodes a first frame that sets the last event id of the client. Its data is empty and not absent, since Firefox ignores an
     * id without data. Clients receive it as an event without a name; all other events have one.
     *
     * @param retryMs reconnect delay after a lost connection
     */
    public static Buffer firstFrame(String id, int retryMs) {
        return Buffer.buffer("retry: " + retryMs + "\nid: " + requireSingleLine(id) + "\ndata:\n\n");
    }

    /** Prepends a reconnect delay to a frame. */
    public static Buffer withRetry(int retryMs, Buffer frame) {
        return Buffer.buffer("retry: " + retryMs + "\n").appendBuffer(frame);
    }

    /** Encodes the last frame, with the reason of the close and the reconnect delay. */
    static Buffer closeEvent(String reason, int retryMs) {
        JsonObject data = new JsonObject().put("reason", reason).put("retryMs", retryMs);
        return withRetry(retryMs, eventWithoutId("close", data));
    }

    /** Encodes a comment. It keeps proxies from closing an idle connection, and scripts do not see it. */
    static Buffer comment(String text) {
        return Buffer.buffer(": " + requireSingleLine(text) + "\n\n");
    }

    private static String requireSingleLine(String text) {
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0 || text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("an SSE field must be a single line");
        }
        return text;
    }
}
