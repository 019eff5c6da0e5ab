package dev.darkroom.notification;

import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.UUID;

/**
 * Stored notification of a user. Immutable.
 *
 * @param id see {@link NotificationId}; never changes
 * @param userId recipient
 * @param seq sequence number within the user's stream; starts at 1, has no gaps
 * @param type event type, such as {@link #GENERATION_ENDED}
 * @param generationId generation that the notification refers to; null if there is none
 * @param createdAt time of the insert by the database clock
 * @param readAt time at which the user marked it as read; null while unread
 * @param data payload, depends on {@code type}; at most 4 kB, contains neither prompts nor links. The accessor returns a copy, with
 *     {@code generationId} if there is one
 */
public record Notification(
        UUID id,
        String userId,
        long seq,
        String type,
        UUID generationId,
        OffsetDateTime createdAt,
        OffsetDateTime readAt,
        JsonObject data)
        implements NotificationResult {
    /** Type of the notification that a generation reached a final status. */
    public static final String GENERATION_ENDED = "generation.ended";

    public Notification {
        data = data.copy();
        if (generationId != null) {
            data.put("generationId", generationId.toString());
        }
    }

    @Override
    public JsonObject data() {
        return data.copy();
    }
}
