package dev.darkroom.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Parses an event stream as a browser does (WHATWG HTML, 9.2.6), from chunks of any size. Does not dispatch an event before its
 * blank line. Feeding is not thread-safe; the getters are.
 */
public final class SseParser {
    private final Consumer<Frame> dispatch;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private final StringBuilder data = new StringBuilder();
    private String event = "";
    private String idBuffer;
    private boolean afterReturn;
    private boolean first = true;

    private volatile String lastEventId;
    private volatile Integer retryMs;
    private volatile int comments;

    /**
     * A dispatched event.
     *
     * @param id last event id at that moment; empty when there was none, never null
     * @param event its name, {@code message} when it has none
     */
    public record Frame(String id, String event, String data) {}

    /**
     * @param lastEventId from an earlier connection; may be empty
     * @param dispatch receives each event
     */
    public SseParser(String lastEventId, Consumer<Frame> dispatch) {
        this.lastEventId = lastEventId;
        this.idBuffer = lastEventId;
        this.dispatch = dispatch;
    }

    /** Parses the next bytes. */
    public void feed(byte[] bytes) {
        for (byte next : bytes) {
            if (next == '\n' && afterReturn) {
                afterReturn = false;
                continue;
            }
            afterReturn = next == '\r';
            if (next == '\r' || next == '\n') {
                String whole = line.toString(StandardCharsets.UTF_8);
                line.reset();
                line(first && whole.startsWith("\uFEFF") ? whole.substring(1) : whole);
                first = false;
            } else {
                line.write(next);
            }
        }
    }

    private void line(String text) {
        if (text.isEmpty()) {
            dispatch();
        } else if (text.startsWith(":")) {
            comments++;
        } else {
            int colon = text.indexOf(':');
            String value = colon < 0 ? "" : text.substring(colon + 1);
            field(colon < 0 ? text : text.substring(0, colon), value.startsWith(" ") ? value.substring(1) : value);
        }
    }

    private void field(String name, String value) {
        switch (name) {
            case "event" -> event = value;
            case "data" -> data.append(value).append('\n');
            case "id" -> {
                if (value.indexOf('\0') < 0) {
                    idBuffer = value;
                }
            }
            case "retry" -> {
                if (value.matches("[0-9]{1,9}")) {
                    retryMs = Integer.valueOf(value);
                }
            }
            default -> {
                // The standard ignores other fields.
            }
        }
    }

    private void dispatch() {
        lastEventId = idBuffer;
        String name = event.isEmpty() ? "message" : event;
        event = "";
        if (data.isEmpty()) {
            return;
        }
        data.setLength(data.length() - 1);
        String text = data.toString();
        data.setLength(0);
        dispatch.accept(new Frame(lastEventId, name, text));
    }

    /** Returns the last event id that a browser would send on reconnection. */
    public String lastEventId() {
        return lastEventId;
    }

    /** Returns the reconnection time in milliseconds, or null when the server sent none. */
    public Integer retryMs() {
        return retryMs;
    }

    /** Returns the number of comments. */
    public int comments() {
        return comments;
    }
}
