package dev.darkroom.generation.store;

import dev.darkroom.eventbus.Rfc3339Timestamp;
import dev.darkroom.generation.GenerationStatus;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;

/** Maps rows of generations to the JSON of the event bus, which has only JSON types and timestamps as text. */
public final class GenerationRowMapper {
    private GenerationRowMapper() {}

    /** Returns a generation with its attempts and images. */
    static JsonObject toJson(Row row) {
        JsonObject json = new JsonObject()
                .put("id", row.getUUID("id").toString())
                .put("user", row.getString("user_id"))
                .put("status", row.getString("status"))
                .put("prompt", row.getString("prompt"));
        putPresent(json, "negativePrompt", row.getString("negative_prompt"));
        json.put("width", row.getInteger("width"))
                .put("height", row.getInteger("height"))
                .put("count", row.getInteger("image_count"))
                .put("seed", row.getLong("seed"));
        putPresent(json, "model", row.getString("model"));
        putPresent(json, "metadata", row.getValue("metadata"));
        putPresent(json, "priority", row.getInteger("priority"));
        if (row.getLong("ahead") != null) {
            json.put("queue", toQueuePosition(row));
        }
        if (row.getUUID("retry_of") != null) {
            json.put("retryOf", row.getUUID("retry_of").toString());
        }
        json.put("failedAttempts", row.getInteger("failed_attempts")).put("attempts", toAttempts(row));
        if (row.getString("status").equals(GenerationStatus.COMPLETE.name())) {
            json.put("images", toImages(row));
        }
        if (row.getString("error_code") != null) {
            json.put("error", toError(row));
        }
        json.put("createdAt", formatTime(row.getOffsetDateTime("created_at")))
                .put("updatedAt", formatTime(row.getOffsetDateTime("updated_at")));
        putPresent(json, "completedAt", formatTime(row.getOffsetDateTime("completed_at")));
        return json;
    }

    /** Returns the reply to a command about one generation. */
    public static JsonObject toReply(JsonObject generation) {
        return new JsonObject().put("generation", generation);
    }

    /** Returns the metadata of an image from the JSON of its row. */
    static JsonObject toImage(JsonObject row) {
        return new JsonObject()
                .put("id", row.getString("id"))
                .put("contentType", row.getString("content_type"))
                .put("width", row.getInteger("width"))
                .put("height", row.getInteger("height"))
                .put("bytes", row.getLong("bytes"))
                .put("sha256", row.getString("sha256"));
    }

    /** Returns the number of generations ahead of a waiting one, its earliest start, and the time {@code now} of both. */
    private static JsonObject toQueuePosition(Row row) {
        return new JsonObject()
                .put("ahead", row.getLong("ahead"))
                .put("dueAt", formatTime(row.getOffsetDateTime("run_at")))
                .put("now", formatTime(row.getOffsetDateTime("now")));
    }

    private static JsonObject toError(Row row) {
        return new JsonObject()
                .put("code", row.getString("error_code"))
                .put("errorClass", row.getString("error_class"))
                .put("message", row.getString("error_message"))
                .put("retryable", row.getBoolean("error_retryable"));
    }

    private static JsonArray toImages(Row row) {
        JsonArray images = new JsonArray();
        for (Object image : (JsonArray) row.getValue("images")) {
            images.add(toImage((JsonObject) image));
        }
        return images;
    }

    private static JsonArray toAttempts(Row row) {
        JsonArray attempts = new JsonArray();
        if (row.getValue("attempts") instanceof JsonArray endedAttempts) {
            endedAttempts.forEach(attempt -> attempts.add(toAttempt((JsonObject) attempt)));
        }
        OffsetDateTime started = row.getOffsetDateTime("attempt_started_at");
        if (started != null) {
            attempts.add(new JsonObject()
                    .put("number", attempts.size() + 1)
                    .put("backend", row.getString("attempt_backend"))
                    .put("startedAt", formatTime(started))
                    .put("outcome", "RUNNING"));
        }
        return attempts;
    }

    private static JsonObject toAttempt(JsonObject row) {
        JsonObject json = new JsonObject()
                .put("number", row.getInteger("number"))
                .put("backend", row.getString("backend"))
                .put("startedAt", formatTime(row.getString("started_at")))
                .put("finishedAt", formatTime(row.getString("finished_at")))
                .put("outcome", row.getString("outcome"))
                .put("counted", row.getBoolean("counted"));
        if (row.getString("error_code") != null) {
            JsonObject error = new JsonObject()
                    .put("errorClass", row.getString("error_class"))
                    .put("code", row.getString("error_code"))
                    .put("message", row.getString("error_message"));
            putPresent(error, "httpStatus", row.getInteger("http_status"));
            json.put("error", error);
        }
        putPresent(json, "retryAt", formatTime(row.getString("retry_at")));
        return json;
    }

    private static void putPresent(JsonObject json, String key, Object value) {
        if (value != null) {
            json.put(key, value);
        }
    }

    /** Normalizes a timestamp in aggregated JSON, where PostgreSQL formats it with varying length and offset. */
    private static String formatTime(String text) {
        return text == null ? null : formatTime(OffsetDateTime.parse(text));
    }

    /** Formats a timestamp for the event bus and the API; null stays null. */
    public static String formatTime(OffsetDateTime time) {
        return Rfc3339Timestamp.format(time);
    }
}
