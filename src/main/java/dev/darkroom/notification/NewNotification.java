package dev.darkroom.notification;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochRandomGenerator;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.UUID;

/**
 * Notification before it is stored: it has no sequence number and no timestamp yet.
 *
 * @param id UUID version 7; the sequence number replaces its last 32 bits
 * @param userId recipient
 * @param type event type, such as {@link Notification#GENERATION_ENDED}
 * @param generationId generation that the notification refers to; null if there is none
 * @param data payload, depends on {@code type}; without {@code generationId}, which {@link Notification} adds
 */
public record NewNotification(UUID id, String userId, String type, UUID generationId, JsonObject data) {
    /** Does not count up within a millisecond: the sequence number would replace the bits that differ. */
    private static final TimeBasedEpochRandomGenerator IDS = Generators.timeBasedEpochRandomGenerator();

    /** Creates a notification with a new id. */
    public static NewNotification of(String userId, String type, UUID generationId, JsonObject data) {
        return new NewNotification(IDS.generate(), userId, type, generationId, data);
    }

    Notification toStored(long seq, OffsetDateTime createdAt) {
        return new Notification(
                NotificationId.withSeq(id, seq), userId, seq, type, generationId, createdAt, null, data);
    }
}
