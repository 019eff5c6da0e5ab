package dev.darkroom.testing;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Parses one HTTP/1.1 response: the head, the chunks if it has any, and the events in the body (WHATWG HTML, 9.2.6). Ignores an
 * event that is incomplete when the connection ends. Not thread-safe.
 */
final class SseResponseReader {
    private enum At {
        HEAD,
        SIZE,
        CHUNK,
        END_OF_CHUNK,
        BODY
    }

    private At at = At.HEAD;
    private byte[] line = new byte[128];
    private int length;
    private boolean headBegan;
    private boolean chunked;
    private int status;
    private int left;
    private long bytes;

    private String idBuffer = "";
    private String id = "";
    private String name = "";
    private String data = "";

    /** Returns the status, or 0 while the head is incomplete. */
    int status() {
        return at == At.HEAD ? 0 : status;
    }

    /** Returns the number of body bytes so far, without chunk framing. */
    long bodyBytes() {
        return bytes;
    }

    /** Reads all of {@code in} and passes each completed event to {@code events}. */
    void read(ByteBuffer in, long nowMicros, Consumer<SseEvent> events) {
        while (in.hasRemaining()) {
            byte next = in.get();
            if (at == At.CHUNK) {
                left--;
                bytes++;
                body(next, nowMicros, events);
                if (left == 0) {
                    at = At.END_OF_CHUNK;
                }
            } else if (at == At.BODY) {
                bytes++;
                body(next, nowMicros, events);
            } else if (next != '\n') {
                keep(next);
            } else {
                framing(takeLine());
            }
        }
    }

    /** Handles a line of HTTP framing: status line, header or chunk size. */
    private void framing(String text) {
        if (at == At.END_OF_CHUNK) {
            at = At.SIZE;
        } else if (at == At.SIZE) {
            // The last chunk has size 0. An empty line follows it.
            left = text.isEmpty() ? 0 : Integer.parseInt(text.split(";", 2)[0].strip(), 16);
            at = left == 0 ? At.SIZE : At.CHUNK;
        } else if (!headBegan) {
            headBegan = true;
            status = Integer.parseInt(text.split(" ", 3)[1]);
        } else if (text.isEmpty()) {
            at = chunked ? At.SIZE : At.BODY;
        } else if (text.toLowerCase(Locale.ROOT).startsWith("transfer-encoding:")) {
            chunked = text.endsWith("chunked");
        }
    }

    private void body(byte next, long nowMicros, Consumer<SseEvent> events) {
        if (next != '\n') {
            keep(next);
            return;
        }
        String text = takeLine();
        if (text.isEmpty()) {
            dispatch(nowMicros, events);
            return;
        }
        int colon = text.indexOf(':');
        String field = colon < 0 ? text : text.substring(0, colon);
        String value = colon < 0 ? "" : text.substring(colon + 1);
        value = value.startsWith(" ") ? value.substring(1) : value;
        switch (field) {
            case "id" -> idBuffer = value;
            case "event" -> name = value;
            case "data" -> data = data.isEmpty() ? value : data + "\n" + value;
            default -> {
                // Ignores comments and fields such as retry.
            }
        }
    }

    private void dispatch(long nowMicros, Consumer<SseEvent> events) {
        boolean moved = !id.equals(idBuffer);
        id = idBuffer;
        if (moved || !data.isEmpty()) {
            events.accept(new SseEvent(id, name.isEmpty() ? "message" : name, data, nowMicros));
        }
        name = "";
        data = "";
    }

    private void keep(byte next) {
        if (length == line.length) {
            line = Arrays.copyOf(line, 2 * length);
        }
        line[length++] = next;
    }

    private String takeLine() {
        int end = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        String text = new String(line, 0, end, StandardCharsets.UTF_8);
        length = 0;
        return text;
    }
}
