package dev.darkroom.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Reads an event stream as a browser does (WHATWG HTML, 9.2.6), however its bytes are cut into pieces. An event whose blank line has
 * not come is never told. Not thread-safe.
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
     * An event as a browser's listener gets it.
     *
     * @param id the last event id at that moment, not null, perhaps empty
     * @param event its name, {@code message} where it has none
     */
    public record Frame(String id, String event, String data) {}

    /**
     * @param lastEventId what is known from an earlier connection, may be empty
     * @param dispatch is told each event
     */
    public SseParser(String lastEventId, Consumer<Frame> dispatch) {
        this.lastEventId = lastEventId;
        this.idBuffer = lastEventId;
        this.dispatch = dispatch;
    }

    /** The next bytes. */
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
                // To be ignored.
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

    /** What a browser would come back with. */
    public String lastEventId() {
        return lastEventId;
    }

    /** After how many milliseconds it would come back; null when nothing was said. */
    public Integer retryMs() {
        return retryMs;
    }

    /** How many comments there were. */
    public int comments() {
        return comments;
    }
}
