package dev.darkroom.backend.callback;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowIterator;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Stores callback jobs and their reports. Futures fail with the errors of the driver. Thread-safe. */
record CallbackJobStore(Database database) {

    /**
     * Status of a job.
     *
     * @param percent last reported progress; null when there is none
     * @param resultBytes size of the final report; null when there is none
     * @param expired whether the deadline has passed
     */
    record JobStatus(Integer percent, Integer resultBytes, boolean expired) {}

    /** Stores the job of a submission and returns its deadline. */
    Future<Instant> open(UUID jobKey, UUID generationId, Duration lifetime) {
        return database.client()
                .preparedQuery(CallbackSql.OPEN_JOB)
                .execute(Tuple.of(jobKey, generationId, lifetime.toMillis()))
                .map(rows ->
                        rows.iterator().next().getOffsetDateTime("deadline").toInstant());
    }

    /** Deletes a job, so that no report is accepted any more. */
    Future<Void> delete(UUID jobKey) {
        return database.client()
                .preparedQuery(CallbackSql.DELETE_JOB)
                .execute(Tuple.of(jobKey))
                .mapEmpty();
    }

    /** Deletes a job without a result. Returns false when it has one. */
    Future<Boolean> deleteUnreported(UUID jobKey) {
        return database.client()
                .preparedQuery(CallbackSql.DELETE_UNREPORTED_JOB)
                .execute(Tuple.of(jobKey))
                .map(rows -> rows.rowCount() > 0);
    }

    /** Stores a final report. Uses a connection of its own, since the report can have many megabytes. */
    Future<CallbackReceipt> storeResult(UUID jobKey, long tokenExpiry, Buffer report) {
        return database.pool()
                .preparedQuery(CallbackSql.STORE_RESULT)
                .execute(Tuple.of(jobKey, report, tokenExpiry))
                .map(rows -> {
                    RowIterator<Row> found = rows.iterator();
                    return found.hasNext() ? toReceipt(found.next()) : CallbackReceipt.CLOSED;
                });
    }

    private static CallbackReceipt toReceipt(Row row) {
        Boolean repeated = row.getBoolean("repeated");
        if (row.getBoolean("stored") || Boolean.TRUE.equals(repeated)) {
            return CallbackReceipt.ACCEPTED;
        }
        return repeated == null ? CallbackReceipt.CLOSED : CallbackReceipt.DIFFERENT_RESULT;
    }

    Future<CallbackReceipt> storeProgress(UUID jobKey, long tokenExpiry, int percent) {
        return database.client()
                .preparedQuery(CallbackSql.STORE_PROGRESS)
                .execute(Tuple.of(jobKey, (short) percent, tokenExpiry))
                .map(rows -> rows.rowCount() > 0 ? CallbackReceipt.ACCEPTED : CallbackReceipt.CLOSED);
    }

    /** Returns the status of those jobs that exist. */
    Future<Map<UUID, JobStatus>> find(Collection<UUID> jobKeys) {
        return database.client()
                .preparedQuery(CallbackSql.FIND_JOBS)
                .execute(Tuple.of(jobKeys.toArray(UUID[]::new)))
                .map(rows -> rows.stream()
                        .collect(Collectors.toMap(row -> row.getUUID("job_key"), CallbackJobStore::toStatus)));
    }

    private static JobStatus toStatus(Row row) {
        return new JobStatus(row.getInteger("percent"), row.getInteger("result_bytes"), row.getBoolean("expired"));
    }

    /** Returns the final report; an empty buffer when there is none. Uses a connection of its own. */
    Future<Buffer> readResult(UUID jobKey) {
        Function<Row, Buffer> result = row -> row.getBuffer("result");
        return database.pool()
                .preparedQuery(CallbackSql.READ_RESULT)
                .execute(Tuple.of(jobKey))
                .map(rows -> rows.stream().map(result).findFirst().orElseGet(Buffer::buffer));
    }
}
