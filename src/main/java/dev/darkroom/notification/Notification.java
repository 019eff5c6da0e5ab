package dev.darkroom.notification;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.UUID;

/**
 * Stored notification of a user. Immutable.
 *
 * @param id UUID version 7; never changes
 * @param userId recipient
 * @param seq sequence number within the user's stream; starts at 1, has no gaps
 * @param type event type, such as {@link #GENERATION_ENDED}
 * @param generationId generation that the notification refers to; null if there is none
 * @param createdAt time of the insert by the database clock
 * @param readAt time at which the user marked it as read; null while unread
 * @param data payload, depends on {@code type}; at most 4 kB, contains neither prompts nor links
 */
public record Notification(
        UUID id,
        String userId,
        long seq,
        String type,
        UUID generationId,
        OffsetDateTime createdAt,
        OffsetDateTime readAt,
        JsonObject data) {
    /** Type of the notification that a generation reached a final status. */
    public static final String GENERATION_ENDED = "generation.ended";

    /** Returns the JSON form used on streams, without {@code readAt}. */
    public JsonObject toJson() {
        return new JsonObject()
                .put("id", id.toString())
                .put("seq", seq)
                .put("type", type)
                .put("timestamp", Rfc3339Timestamp.format(createdAt))
                .put("data", data);
    }

    /** Returns the JSON form used by the inbox; {@code readAt} is absent while unread. */
    public JsonObject toInboxJson() {
        return readAt == null ? toJson() : toJson().put("readAt", Rfc3339Timestamp.format(readAt));
    }
}
