package dev.darkroom.notification;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.UUID;

/**
 * Something that a user is told, as it is on record.
 *
 * @param id for ever
 * @param seq its number among the user's, from 1 without a gap
 * @param type what happened, such as {@code generation.ended}
 * @param generationId what it is about; null when it is about no generation
 * @param createdAt by the database's clock
 * @param readAt when the user opened it; null as long as that has not happened
 * @param data by its type, at most 4 kB; no prompts, no links
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
    /** A generation has ended. */
    public static final String GENERATION_ENDED = "generation.ended";

    /** As it is told on streams. */
    public JsonObject toJson() {
        return new JsonObject()
                .put("id", id.toString())
                .put("seq", seq)
                .put("type", type)
                .put("timestamp", Rfc3339Timestamp.format(createdAt))
                .put("data", data);
    }

    /** The same for the list, with {@code readAt} once the user has opened it. */
    public JsonObject toInboxJson() {
        return readAt == null ? toJson() : toJson().put("readAt", Rfc3339Timestamp.format(readAt));
    }
}
