package dev.darkroom.generation.store;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Attempt.AttemptError;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.store.QueueSnapshot.QueueTurn;
import dev.darkroom.generation.store.StoredGeneration.QueueEntry;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Maps rows of the statements in {@link GenerationSql} to domain objects. */
final class GenerationRowMapper {
    private GenerationRowMapper() {}

    /** Returns a row of {@link GenerationSql#FIND}. */
    static StoredGeneration toStoredGeneration(Row row) {
        return new StoredGeneration(
                toGeneration(row), Boolean.TRUE.equals(row.getBoolean("waiting")) ? toQueueEntry(row) : null);
    }

    private static QueueEntry toQueueEntry(Row row) {
        return new QueueEntry(
                new QueueTurn(row.getLong("turn"), row.getLong("arrival_seq")),
                toInstant(row.getOffsetDateTime("run_at")));
    }

    /** Returns the first waiting generations from the row of {@link GenerationSql#READ_QUEUE}. */
    static QueueSnapshot toQueueSnapshot(Row row) {
        Instant readAt = toInstant(row.getOffsetDateTime("now"));
        UUID[] ids = row.getArrayOfUUIDs("ids");
        if (ids == null) {
            return new QueueSnapshot(readAt, List.of(), Map.of());
        }
        Long[] turns = row.getArrayOfLongs("turns");
        Long[] arrivals = row.getArrayOfLongs("arrivals");
        Long[] ahead = row.getArrayOfLongs("ahead");
        List<QueueTurn> ordered = new ArrayList<>(ids.length);
        Map<UUID, Integer> aheadById = new HashMap<>();
        for (int i = 0; i < ids.length; i++) {
            ordered.add(new QueueTurn(turns[i], arrivals[i]));
            aheadById.put(ids[i], ahead[i].intValue());
        }
        return new QueueSnapshot(readAt, ordered, aheadById);
    }

    /** Returns a generation with its attempts and images, without a queue position. */
    static Generation toGeneration(Row row) {
        GenerationStatus status = GenerationStatus.valueOf(row.getString("status"));
        return new Generation(
                row.getUUID("id"),
                row.getString("user_id"),
                status,
                toRequest(row),
                null,
                row.getUUID("retry_of"),
                row.getInteger("failed_attempts"),
                toAttempts(row),
                status == GenerationStatus.COMPLETE ? toImages(row) : List.of(),
                toError(row),
                toInstant(row.getOffsetDateTime("created_at")),
                toInstant(row.getOffsetDateTime("updated_at")),
                toInstant(row.getOffsetDateTime("completed_at")));
    }

    static ImageLocation toImageLocation(Row row) {
        return new ImageLocation(row.getUUID("generation_id"), row.getString("user_id"), toImage(row.toJson()));
    }

    private static GenerationRequest toRequest(Row row) {
        return new GenerationRequest(
                row.getString("prompt"),
                row.getString("negative_prompt"),
                row.getInteger("width"),
                row.getInteger("height"),
                row.getInteger("image_count"),
                row.getLong("seed"),
                row.getString("model"),
                toMetadata((JsonObject) row.getValue("metadata")),
                row.getInteger("priority"));
    }

    private static Map<String, String> toMetadata(JsonObject json) {
        if (json == null) {
            return null;
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        json.forEach(pair -> metadata.put(pair.getKey(), (String) pair.getValue()));
        return metadata;
    }

    private static GenerationError toError(Row row) {
        String code = row.getString("error_code");
        return code == null
                ? null
                : new GenerationError(
                        code,
                        FailureClass.valueOf(row.getString("error_class")),
                        row.getString("error_message"),
                        row.getBoolean("error_retryable"));
    }

    private static List<StoredImage> toImages(Row row) {
        JsonArray rows = (JsonArray) row.getValue("images");
        List<StoredImage> images = new ArrayList<>(rows.size());
        for (int i = 0; i < rows.size(); i++) {
            images.add(toImage(rows.getJsonObject(i)));
        }
        return images;
    }

    /** Returns an image from the JSON of its row. */
    private static StoredImage toImage(JsonObject row) {
        return new StoredImage(
                UUID.fromString(row.getString("id")),
                row.getString("content_type"),
                row.getInteger("width"),
                row.getInteger("height"),
                row.getLong("bytes"),
                row.getString("sha256"),
                row.getString("storage_key"));
    }

    private static List<Attempt> toAttempts(Row row) {
        List<Attempt> attempts = new ArrayList<>();
        if (row.getValue("attempts") instanceof JsonArray endedAttempts) {
            for (int i = 0; i < endedAttempts.size(); i++) {
                attempts.add(toAttempt(endedAttempts.getJsonObject(i)));
            }
        }
        OffsetDateTime started = row.getOffsetDateTime("attempt_started_at");
        if (started != null) {
            attempts.add(Attempt.running(attempts.size() + 1, row.getString("attempt_backend"), toInstant(started)));
        }
        return attempts;
    }

    private static Attempt toAttempt(JsonObject row) {
        String code = row.getString("error_code");
        AttemptError error = code == null
                ? null
                : new AttemptError(
                        FailureClass.valueOf(row.getString("error_class")),
                        code,
                        row.getString("error_message"),
                        row.getInteger("http_status"));
        return new Attempt(
                row.getInteger("number"),
                row.getString("backend"),
                toInstant(row.getString("started_at")),
                toInstant(row.getString("finished_at")),
                AttemptOutcome.valueOf(row.getString("outcome")),
                row.getBoolean("counted"),
                error,
                toInstant(row.getString("retry_at")));
    }

    private static Instant toInstant(OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }

    /** Parses a timestamp in aggregated JSON, which has the offset of the session. */
    private static Instant toInstant(String text) {
        return text == null ? null : OffsetDateTime.parse(text).toInstant();
    }
}
