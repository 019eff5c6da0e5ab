package dev.darkroom.notification;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.function.Function;

/**
 * What is written to those who listen: one object for all streams that get it, made into bytes once. Thread-safe.
 */
public final class Frame {
    private final String id;
    private final String event;
    private final String data;
    private volatile Buffer bytes;

    /**
     * @param id where the stream stands after it; null when it changes nothing about that
     * @param event its name; null for the frame that only tells where the stream stands
     * @param data on one line
     */
    private Frame(String id, String event, String data) {
        this.id = id;
        this.event = event;
        this.data = data;
    }

    /** Tells where the stream begins, and no more: it fires nothing in a browser, which remembers the id. */
    static Frame begin(StreamCursor at) {
        return new Frame(at.toString(), null, "");
    }

    static Frame notification(StreamCursor at, Notification notification) {
        return new Frame(at.toString(), "notification", notification.toJson().encode());
    }

    /** The cursor that came is worth nothing; the stream goes on from {@code at}. */
    static Frame reset(StreamCursor at, Reset reason) {
        return new Frame(
                at.toString(),
                "reset",
                new JsonObject()
                        .put("reason", reason.name())
                        .put("epoch", at.epoch())
                        .put("top", at.seq())
                        .encode());
    }

    static Frame state(NotificationStore.State state) {
        return new Frame(null, "state", state.toJson().encode());
    }

    /** Null when it says nothing about where the stream stands. */
    public String id() {
        return id;
    }

    /** Null for the first frame of a stream. */
    public String event() {
        return event;
    }

    /** JSON on one line, or empty. */
    public String data() {
        return data;
    }

    /**
     * As bytes of the one format in which nearly all get it; made once.
     *
     * @param encoder always the same
     * @return not to be changed
     */
    public Buffer bytes(Function<Frame, Buffer> encoder) {
        Buffer made = bytes;
        if (made == null) {
            made = encoder.apply(this);
            bytes = made;
        }
        return made;
    }
}
