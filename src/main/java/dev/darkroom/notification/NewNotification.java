package dev.darkroom.notification;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import io.vertx.core.json.JsonObject;
import java.util.UUID;

/**
 * Notification before it is stored: it has no sequence number and no timestamp yet.
 *
 * @param id UUID version 7; never changes
 * @param userId recipient
 * @param type event type, such as {@link Notification#GENERATION_ENDED}
 * @param generationId generation that the notification refers to; null if there is none
 * @param data payload, depends on {@code type}
 */
public record NewNotification(UUID id, String userId, String type, UUID generationId, JsonObject data) {
    private static final TimeBasedEpochGenerator IDS = Generators.timeBasedEpochGenerator();

    /** Creates a notification with a new id. */
    public static NewNotification of(String userId, String type, UUID generationId, JsonObject data) {
        return new NewNotification(IDS.generate(), userId, type, generationId, data);
    }

    /** @param ordinal position within the statement; orders the sequence numbers of one user */
    JsonObject toRow(int ordinal) {
        return new JsonObject()
                .put("n", ordinal)
                .put("id", id.toString())
                .put("user_id", userId)
                .put("type", type)
                .put("generation_id", generationId == null ? null : generationId.toString())
                .put("data", data);
    }
}
