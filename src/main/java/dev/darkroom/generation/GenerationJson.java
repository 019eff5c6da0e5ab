package dev.darkroom.generation;

import dev.darkroom.command.Timestamp;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;

/** Rows of the tables of generations as the JSON that travels on the event bus: plain JSON types only, times as text. */
final class GenerationJson {
    private GenerationJson() {}

    /** A generation with its attempts and pictures. */
    static JsonObject of(Row row) {
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
            json.put("queue", place(row));
        }
        if (row.getUUID("retry_of") != null) {
            json.put("retryOf", row.getUUID("retry_of").toString());
        }
        json.put("failedAttempts", row.getInteger("failed_attempts")).put("attempts", attempts(row));
        if (row.getString("status").equals(GenerationStatus.COMPLETE.name())) {
            json.put("images", images(row));
        }
        if (row.getString("error_code") != null) {
            json.put("error", error(row));
        }
        json.put("createdAt", time(row.getOffsetDateTime("created_at")))
                .put("updatedAt", time(row.getOffsetDateTime("updated_at")));
        putPresent(json, "completedAt", time(row.getOffsetDateTime("completed_at")));
        return json;
    }

    /** What a command that comes to a generation is answered with. */
    static JsonObject reply(JsonObject generation) {
        return new JsonObject().put("generation", generation);
    }

    /** A picture, from the JSON of its row. */
    static JsonObject image(JsonObject row) {
        return new JsonObject()
                .put("id", row.getString("id"))
                .put("contentType", row.getString("content_type"))
                .put("width", row.getInteger("width"))
                .put("height", row.getInteger("height"))
                .put("bytes", row.getLong("bytes"))
                .put("sha256", row.getString("sha256"));
    }

    /** While it waits: how many go before it, and when it is due at the earliest, both as of {@code now}. */
    private static JsonObject place(Row row) {
        return new JsonObject()
                .put("ahead", row.getLong("ahead"))
                .put("dueAt", time(row.getOffsetDateTime("run_at")))
                .put("now", time(row.getOffsetDateTime("now")));
    }

    private static JsonObject error(Row row) {
        return new JsonObject()
                .put("code", row.getString("error_code"))
                .put("errorClass", row.getString("error_class"))
                .put("message", row.getString("error_message"))
                .put("retryable", row.getBoolean("error_retryable"));
    }

    private static JsonArray images(Row row) {
        JsonArray images = new JsonArray();
        for (Object image : (JsonArray) row.getValue("images")) {
            images.add(image((JsonObject) image));
        }
        return images;
    }

    private static JsonArray attempts(Row row) {
        JsonArray attempts = new JsonArray();
        if (row.getValue("attempts") instanceof JsonArray ended) {
            ended.forEach(attempt -> attempts.add(attempt((JsonObject) attempt)));
        }
        OffsetDateTime started = row.getOffsetDateTime("attempt_started_at");
        if (started != null) {
            attempts.add(new JsonObject()
                    .put("number", attempts.size() + 1)
                    .put("backend", row.getString("attempt_backend"))
                    .put("startedAt", time(started))
                    .put("outcome", "RUNNING"));
        }
        return attempts;
    }

    private static JsonObject attempt(JsonObject row) {
        JsonObject json = new JsonObject()
                .put("number", row.getInteger("number"))
                .put("backend", row.getString("backend"))
                .put("startedAt", time(row.getString("started_at")))
                .put("finishedAt", time(row.getString("finished_at")))
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
        putPresent(json, "retryAt", time(row.getString("retry_at")));
        return json;
    }

    private static void putPresent(JsonObject json, String key, Object value) {
        if (value != null) {
            json.put(key, value);
        }
    }

    /** Inside aggregated JSON PostgreSQL has already turned times into text, of varying length and offset. */
    private static String time(String text) {
        return text == null ? null : time(OffsetDateTime.parse(text));
    }

    /** A time as it is told everywhere; null stays null. */
    static String time(OffsetDateTime time) {
        return Timestamp.text(time);
    }
}
