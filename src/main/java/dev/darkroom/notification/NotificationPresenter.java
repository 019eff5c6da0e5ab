package dev.darkroom.notification;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.notification.NotificationResult.Acknowledgement;
import dev.darkroom.notification.NotificationResult.InboxPage;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;

/** Creates the JSON of notifications for HTTP responses, streams and event-bus events. */
public final class NotificationPresenter {
    private NotificationPresenter() {}

    /** Returns the JSON of a notification on streams and in events, without {@code readAt}. */
    public static JsonObject toJson(Notification notification) {
        return new JsonObject()
                .put("id", notification.id().toString())
                .put("seq", notification.seq())
                .put("type", notification.type())
                .put("timestamp", Rfc3339Timestamp.format(notification.createdAt()))
                .put("data", notification.data());
    }

    /** Returns the JSON of a notification in the inbox; {@code readAt} is absent while unread. */
    public static JsonObject toInboxJson(Notification notification) {
        JsonObject json = toJson(notification);
        return notification.readAt() == null
                ? json
                : json.put("readAt", Rfc3339Timestamp.format(notification.readAt()));
    }

    /** Returns the JSON of an inbox page. {@code nextCursor} is absent on the last page. */
    public static JsonObject toJson(InboxPage page) {
        String position = page.position().toString();
        JsonObject json = new JsonObject()
                .put(
                        "items",
                        new JsonArray(page.items().stream()
                                .map(NotificationPresenter::toInboxJson)
                                .toList()))
                .put("position", position)
                .put("unreadCount", page.unreadCount());
        if (page.hasMore()) {
            json.put("nextCursor", position);
        }
        return page.reset() == null ? json : json.put("reset", page.reset().name());
    }

    public static JsonObject toJson(Acknowledgement acknowledgement) {
        return new JsonObject()
                .put("ackedSeq", acknowledgement.ackedSeq())
                .put("lastSeq", acknowledgement.lastSeq())
                .put("unreadCount", acknowledgement.unreadCount());
    }

    /** Returns the data of the event {@code unreadState}. */
    public static JsonObject toJson(NotificationStore.UnreadState unreadState) {
        return new JsonObject().put("ackedSeq", unreadState.ackedSeq()).put("unreadCount", unreadState.unreadCount());
    }
}
