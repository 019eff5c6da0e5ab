package dev.darkroom.notification;

import com.fasterxml.uuid.Generators;
import com.fasterxml.uuid.impl.TimeBasedEpochGenerator;
import io.vertx.core.json.JsonObject;
import java.util.UUID;

/**
 * Something that a user is to be told.
 *
 * @param generationId what it is about; null when it is about no generation
 */
public record NewNotification(UUID id, String userId, String type, UUID generationId, JsonObject data) {
    private static final TimeBasedEpochGenerator IDS = Generators.timeBasedEpochGenerator();

    /** With an id of its own. */
    public static NewNotification of(String userId, String type, UUID generationId, JsonObject data) {
        return new NewNotification(IDS.generate(), userId, type, generationId, data);
    }

    JsonObject toRow(int n) {
        return new JsonObject()
                .put("n", n)
                .put("id", id.toString())
                .put("user_id", userId)
                .put("type", type)
                .put("generation_id", generationId == null ? null : generationId.toString())
                .put("data", data);
    }
}
