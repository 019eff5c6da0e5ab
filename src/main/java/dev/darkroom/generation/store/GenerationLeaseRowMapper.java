package dev.darkroom.generation.store;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobReference;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.store.GenerationOutcomeStore.FinishRecord;
import dev.darkroom.generation.store.GenerationOutcomeStore.UnresolvedJob;
import dev.darkroom.telemetry.TraceContext;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import java.time.Duration;
import java.util.UUID;

/** Maps rows of the statements in {@link GenerationLeaseSql} to domain objects. */
final class GenerationLeaseRowMapper {
    private GenerationLeaseRowMapper() {}

    /**
     * Returns a lease from a row of {@link GenerationLeaseSql#CLAIM}.
     *
     * @param elapsed duration of the response, by which the durations in the row are shortened
     */
    static GenerationLease toClaimedLease(Row row, Duration elapsed) {
        return toLease(
                row,
                remaining(row, "attempt_budget", elapsed),
                remaining(row, "time_left", elapsed),
                toImageRequest(row),
                Duration.ofMillis(row.getLong("waited")));
    }

    /** Returns a lease, without budget and request, from a row of {@link GenerationLeaseSql#FIND_ABANDONED}. */
    static GenerationLease toAbandonedLease(Row row) {
        return toLease(row, null, remaining(row, "time_left", Duration.ZERO), null, null);
    }

    /**
     * Returns an ended generation from a row of {@link GenerationOutcomeSql}.
     *
     * @param error reason of the failure; null when the generation is COMPLETE
     */
    static FinishRecord toFinishRecord(Row row, GenerationError error) {
        FinishedGeneration generation = new FinishedGeneration(
                row.getUUID("id"),
                row.getString("user_id"),
                error == null ? GenerationStatus.COMPLETE : GenerationStatus.FAILED,
                error == null ? null : error.code(),
                error == null ? null : error.message(),
                error == null ? row.getInteger("image_count") : 0,
                row.getInteger("failed_attempts"),
                Duration.ofMillis(row.getLong("age")),
                toTrace(row));
        return new FinishRecord(generation, toUnresolvedJob(row));
    }

    /** Returns null when the row has no unresolved job. Only rows of {@link GenerationOutcomeSql#CANCEL} have one. */
    private static UnresolvedJob toUnresolvedJob(Row row) {
        if (row.getColumnIndex("job_backend") < 0 || row.getString("job_backend") == null) {
            return null;
        }
        return new UnresolvedJob(
                row.getString("job_backend"),
                new JobReference(
                        GenerationLease.jobKey(row.getUUID("id"), row.getLong("job_token")),
                        row.getString("provider_job_id"),
                        row.getString("job_api_key")));
    }

    private static GenerationLease toLease(
            Row row, Duration attemptBudget, Duration timeLeft, ImageRequest imageRequest, Duration waited) {
        UUID id = row.getUUID("generation_id");
        Long jobToken = row.getLong("job_token");
        return new GenerationLease(
                id,
                row.getString("user_id"),
                row.getString("route"),
                row.getUUID("lease_owner"),
                row.getLong("lease_token"),
                row.getInteger("failed_attempts") + 1,
                row.getInteger("counted_failures"),
                row.getInteger("lost_attempts"),
                row.getString("attempt_backend"),
                BackendSelection.valueOf(row.getString("attempt_selection")),
                new JobReference(
                        GenerationLease.jobKey(id, jobToken == null ? row.getLong("lease_token") : jobToken),
                        row.getString("provider_job_id"),
                        row.getString("job_api_key")),
                attemptBudget,
                timeLeft,
                imageRequest,
                toTrace(row),
                waited);
    }

    private static TraceContext toTrace(Row row) {
        return TraceContext.ofNullable(row.getString("traceparent"), row.getString("tracestate"));
    }

    private static Duration remaining(Row row, String column, Duration elapsed) {
        return Duration.ofMillis(row.getLong(column)).minus(elapsed);
    }

    private static ImageRequest toImageRequest(Row row) {
        return new ImageRequest(
                row.getUUID("generation_id").toString(),
                row.getString("prompt"),
                row.getString("negative_prompt"),
                row.getInteger("width"),
                row.getInteger("height"),
                row.getInteger("image_count"),
                row.getLong("seed"),
                row.getString("model"),
                (JsonObject) row.getValue("parameters"),
                InputImageColumn.decode((JsonArray) row.getValue("input_images")),
                row.getInteger("priority"));
    }
}
