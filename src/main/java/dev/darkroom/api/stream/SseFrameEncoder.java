package dev.darkroom.api.stream;

import dev.darkroom.notification.stream.NotificationFrame;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;

/**
 * Frames of an event stream (WHATWG HTML, server-sent events). Data is JSON and stands on one line, so no text of a user's can end a
 * frame or begin another. A frame may be written to any number of streams.
 */
public final class SseFrameEncoder {
    private SseFrameEncoder() {}

    /** Something happened. Becomes the reader's cursor. */
    public static Buffer event(String id, String event, JsonObject data) {
        return Buffer.buffer("id: " + requireSingleLine(id) + "\nevent: " + requireSingleLine(event) + "\ndata: "
                + data.encode() + "\n\n");
    }

    /** Something that leaves the reader's cursor where it is. */
    static Buffer eventWithoutId(String event, JsonObject data) {
        return Buffer.buffer("event: " + requireSingleLine(event) + "\ndata: " + data.encode() + "\n\n");
    }

    /** What the notification hub has, made into bytes. */
    public static Buffer encode(NotificationFrame notificationFrame) {
        StringBuilder text = new StringBuilder(notificationFrame.data().length() + 80);
        if (notificationFrame.id() != null) {
            text.append("id: ")
                    .append(requireSingleLine(notificationFrame.id()))
                    .append('\n');
        }
        if (notificationFrame.event() != null) {
            text.append("event: ")
                    .append(requireSingleLine(notificationFrame.event()))
                    .append('\n');
        }
        return Buffer.buffer(text.append("data: ")
                .append(requireSingleLine(notificationFrame.data()))
                .append("\n\n")
                .toString());
    }

    /** After how long to come back when the connection is lost; says nothing else. */
    public static Buffer retry(int retryMs) {
        return Buffer.buffer("retry: " + retryMs + "\n\n");
    }

    /**
     * The first frame: from now on the reader has a cursor, even if it gets nothing more. Its data is empty and not absent, since
     * Firefox keeps no id without data; so it is an event, but one without a name, and ours all have names.
     *
     * @param retryMs after how long to come back when the connection is lost
     */
    public static Buffer firstFrame(String id, int retryMs) {
        return Buffer.buffer("retry: " + retryMs + "\nid: " + requireSingleLine(id) + "\ndata:\n\n");
    }

    /** A frame with which the reader also learns after how long to come back when the connection is lost. */
    public static Buffer withRetry(int retryMs, Buffer frame) {
        return Buffer.buffer("retry: " + retryMs + "\n").appendBuffer(frame);
    }

    /** The last frame. */
    static Buffer closeEvent(String reason, int retryMs) {
        JsonObject data = new JsonObject().put("reason", reason).put("retryMs", retryMs);
        return Buffer.buffer("retry: " + retryMs + "\nevent: bye\ndata: " + data.encode() + "\n\n");
    }

    /** Seen by proxies, not by scripts. */
    static Buffer comment(String text) {
        return Buffer.buffer(": " + requireSingleLine(text) + "\n\n");
    }

    private static String requireSingleLine(String text) {
        if (text.indexOf('\n') >= 0 || text.indexOf('\r') >= 0 || text.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("a field of a frame is one line");
        }
        return text;
    }
}
