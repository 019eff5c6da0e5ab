package dev.darkroom.notification.stream;

import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.NotificationStore;
import dev.darkroom.notification.StreamResetReason;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.function.Function;

/**
 * What is written to those who listen: one object for all streams that get it, made into bytes once. Thread-safe.
 */
public final class NotificationFrame {
    private final String id;
    private final String event;
    private final String data;
    private volatile Buffer encoded;

    /**
     * @param id where the stream stands after it; null when it changes nothing about that
     * @param event its name; null for the frame that only tells where the stream stands
     * @param data on one line
     */
    private NotificationFrame(String id, String event, String data) {
        this.id = id;
        this.event = event;
        this.data = data;
    }

    /** Tells where the stream begins, and no more: it fires nothing in a browser, which remembers the id. */
    static NotificationFrame initial(NotificationCursor at) {
        return new NotificationFrame(at.toString(), null, "");
    }

    static NotificationFrame notification(NotificationCursor at, Notification notification) {
        return new NotificationFrame(
                at.toString(), "notification", notification.toJson().encode());
    }

    /** The cursor that came is worth nothing; the stream goes on from {@code at}. */
    static NotificationFrame reset(NotificationCursor at, StreamResetReason reason) {
        return new NotificationFrame(
                at.toString(),
                "reset",
                new JsonObject()
                        .put("reason", reason.name())
                        .put("epoch", at.epoch())
                        .put("top", at.seq())
                        .encode());
    }

    static NotificationFrame unreadState(NotificationStore.UnreadState unreadState) {
        return new NotificationFrame(null, "state", unreadState.toJson().encode());
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
    public Buffer encoded(Function<NotificationFrame, Buffer> encoder) {
        Buffer made = encoded;
        if (made == null) {
            made = encoder.apply(this);
            encoded = made;
        }
        return made;
    }
}
