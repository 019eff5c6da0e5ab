package dev.darkroom.generation.store;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Attempt.AttemptError;
import dev.darkroom.generation.AttemptBilling;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.Cost;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.store.QueueSnapshot.QueueTurn;
import dev.darkroom.generation.store.StoredGeneration.QueueEntry;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/**
 * Maps rows of the statements in {@link GenerationSql} to domain objects. Finds the position of each column once per result, because a
 * row compares the names of all its columns for each access by name.
 */
final class GenerationRowMapper {
    private final Map<String, Integer> positions = new HashMap<>();

    /** @param rows result of a statement with the columns of a generation */
    GenerationRowMapper(RowSet<Row> rows) {
        List<String> names = rows.columnsNames();
        for (int i = 0; i < names.size(); i++) {
            positions.put(names.get(i), i);
        }
    }

    /** Returns a row of {@link GenerationSql#FIND}. */
    StoredGeneration toStoredGeneration(Row row) {
        return new StoredGeneration(
                toGeneration(row), Boolean.TRUE.equals(row.getBoolean(position("waiting"))) ? toQueueEntry(row) : null);
    }

    private int position(String column) {
        return positions.get(column);
    }

    private QueueEntry toQueueEntry(Row row) {
        return new QueueEntry(
                row.getString(position("route")),
                new QueueTurn(row.getLong(position("turn")), row.getLong(position("arrival_seq"))),
                toInstant(row.getOffsetDateTime(position("run_at"))));
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
    Generation toGeneration(Row row) {
        GenerationStatus status = GenerationStatus.valueOf(row.getString(position("status")));
        return new Generation(
                row.getUUID(position("id")),
                row.getString(position("user_id")),
                status,
                toRequest(row),
                null,
                row.getUUID(position("retry_of")),
                row.getInteger(position("failed_attempts")),
                toAttempts(row),
                status == GenerationStatus.COMPLETE ? toImages(row) : List.of(),
                toError(row),
                toInstant(row.getOffsetDateTime(position("created_at"))),
                toInstant(row.getOffsetDateTime(position("updated_at"))),
                toInstant(row.getOffsetDateTime(position("completed_at"))));
    }

    static ImageLocation toImageLocation(Row row) {
        return new ImageLocation(row.getUUID("generation_id"), row.getString("user_id"), toImage(row.toJson()));
    }

    private GenerationRequest toRequest(Row row) {
        return new GenerationRequest(
                row.getString(position("prompt")),
                row.getString(position("negative_prompt")),
                row.getInteger(position("width")),
                row.getInteger(position("height")),
                row.getInteger(position("image_count")),
                row.getLong(position("seed")),
                row.getString(position("model")),
                toMetadata((JsonObject) row.getValue(position("metadata"))),
                (JsonObject) row.getValue(position("parameters")),
                InputImageColumn.decode((JsonArray) row.getValue(position("input_images"))),
                row.getInteger(position("priority")));
    }

    private static Map<String, String> toMetadata(JsonObject json) {
        if (json == null) {
            return null;
        }
        Map<String, String> metadata = new LinkedHashMap<>();
        json.forEach(pair -> metadata.put(pair.getKey(), (String) pair.getValue()));
        return metadata;
    }

    private GenerationError toError(Row row) {
        String code = row.getString(position("error_code"));
        return code == null
                ? null
                : new GenerationError(
                        code,
                        FailureClass.valueOf(row.getString(position("error_class"))),
                        row.getString(position("error_message")),
                        row.getBoolean(position("error_retryable")));
    }

    private List<StoredImage> toImages(Row row) {
        JsonArray rows = (JsonArray) row.getValue(position("images"));
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

    private List<Attempt> toAttempts(Row row) {
        List<Attempt> attempts = new ArrayList<>();
        if (row.getValue(position("attempts")) instanceof JsonArray endedAttempts) {
            for (int i = 0; i < endedAttempts.size(); i++) {
                attempts.add(toAttempt(endedAttempts.getJsonObject(i)));
            }
        }
        OffsetDateTime started = row.getOffsetDateTime(position("attempt_started_at"));
        if (started != null) {
            attempts.add(Attempt.running(
                    attempts.size() + 1,
                    row.getString(position("attempt_backend")),
                    BackendSelection.valueOf(row.getString(position("attempt_selection"))),
                    row.getString(position("job_api_key")),
                    toInstant(started),
                    toProgress(row)));
        }
        return attempts;
    }

    private JobProgress toProgress(Row row) {
        Integer percent = row.getInteger(position("job_percent"));
        Integer queuePosition = row.getInteger(position("job_queue_position"));
        return percent == null && queuePosition == null ? null : new JobProgress(percent, queuePosition);
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
                BackendSelection.valueOf(row.getString("selection")),
                row.getString("api_key"),
                toInstant(row.getString("started_at")),
                null,
                toInstant(row.getString("finished_at")),
                AttemptOutcome.valueOf(row.getString("outcome")),
                row.getBoolean("counted"),
                error,
                toInstant(row.getString("retry_at")),
                toBilling(row));
    }

    private static AttemptBilling toBilling(JsonObject row) {
        Long micros = row.getLong("cost_micros");
        return new AttemptBilling(
                row.getBoolean("submitted"),
                micros == null ? null : new Cost(micros, Cost.Source.valueOf(row.getString("cost_source"))));
    }

    private static Instant toInstant(OffsetDateTime time) {
        return time == null ? null : time.toInstant();
    }

    /** Parses a timestamp in aggregated JSON, which has the offset of the session. */
    private static Instant toInstant(String text) {
        return text == null ? null : OffsetDateTime.parse(text).toInstant();
    }
}
