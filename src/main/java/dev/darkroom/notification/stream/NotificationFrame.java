package dev.darkroom.notification.stream;

import dev.darkroom.notification.Notification;
import dev.darkroom.notification.NotificationCursor;
import dev.darkroom.notification.NotificationPresenter;
import dev.darkroom.notification.NotificationStore;
import dev.darkroom.notification.StreamResetReason;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;

/**
 * Event of a notification stream. All subscribers share one instance, which is encoded once. Thread-safe.
 *
 * @param id cursor after this event; null if the event does not change the cursor
 * @param event event name; null for the initial frame, which contains only the cursor
 * @param data JSON without line breaks; empty for the initial frame
 * @param cache the result of {@link #encoded}
 */
public record NotificationFrame(String id, String event, String data, AtomicReference<Buffer> cache) {

    private NotificationFrame(String id, String event, String data) {
        this(id, event, data, new AtomicReference<>());
    }

    /** Creates the initial frame. A browser fires no event for it, but stores its id as the last event id. */
    static NotificationFrame initial(NotificationCursor cursor) {
        return new NotificationFrame(cursor.toString(), null, "");
    }

    static NotificationFrame notification(NotificationCursor cursor, Notification notification) {
        return new NotificationFrame(
                cursor.toString(),
                "notification",
                NotificationPresenter.toJson(notification).encode());
    }

    /** Creates the event that the stream cannot resume from its previous cursor and continues from {@code cursor}. */
    static NotificationFrame reset(NotificationCursor cursor, StreamResetReason reason) {
        return new NotificationFrame(
                cursor.toString(),
                "reset",
                new JsonObject()
                        .put("reason", reason.name())
                        .put("epoch", cursor.epoch())
                        .put("lastSeq", cursor.seq())
                        .encode());
    }

    static NotificationFrame unreadState(NotificationStore.UnreadState unreadState) {
        return new NotificationFrame(
                null, "unreadState", NotificationPresenter.toJson(unreadState).encode());
    }

    /**
     * Returns the encoded frame and caches it. For the most frequent format only.
     *
     * @param encoder must be the same in all calls
     * @return shared buffer, must not be modified
     */
    public Buffer encoded(Function<NotificationFrame, Buffer> encoder) {
        Buffer buffer = cache.get();
        if (buffer == null) {
            buffer = encoder.apply(this);
            cache.set(buffer);
        }
        return buffer;
    }
}
