package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * Deletes expired rows, one batch per transaction. The methods that delete batches complete with empty if another process holds the
 * advisory lock. Futures fail with the driver's errors. Usable from any event loop.
 */
final class RetentionStore {
    private final Database database;

    RetentionStore(Database database) {
        this.database = database;
    }

    /**
     * Result of a batch.
     *
     * @param count number of deleted rows, or of generations whose attempts were deleted
     * @param storageKeys keys of image files to delete; empty unless generations were deleted
     */
    record DeletedBatch(int count, List<String> storageKeys) {}

    /** Deletes up to {@code limit} generations that ended more than {@code age} ago. */
    Future<Optional<DeletedBatch>> deleteFinished(Duration age, int limit) {
        return deleteBatch(RetentionSql.DELETE_FINISHED, age, limit)
                .map(found -> found.map(row ->
                        new DeletedBatch(row.getInteger("generations"), List.of(row.getArrayOfStrings("keys")))));
    }

    /** Deletes the attempts of up to {@code limit} generations that ended more than {@code age} ago. */
    Future<Optional<DeletedBatch>> deleteAttempts(Duration age, int limit) {
        return deleteBatch(RetentionSql.DELETE_ATTEMPTS, age, limit)
                .map(found -> found.map(row -> new DeletedBatch(row.getInteger("generations"), List.of())));
    }

    /** Deletes up to {@code limit} idempotency keys older than {@code age}. */
    Future<Optional<DeletedBatch>> deleteIdempotencyKeys(Duration age, int limit) {
        return deleteBatch(RetentionSql.DELETE_IDEMPOTENCY_KEYS, age, limit)
                .map(found -> found.map(row -> new DeletedBatch(row.getInteger("generations"), List.of())));
    }

    /** Deletes up to {@code limit} expired stream tickets. */
    Future<Optional<DeletedBatch>> deleteTickets(int limit) {
        return deleteBatch(RetentionSql.DELETE_EXPIRED_TICKETS, Duration.ZERO, limit)
                .map(found -> found.map(row -> new DeletedBatch(row.getInteger("generations"), List.of())));
    }

    /** Finds storage keys of images whose rows were deleted more than {@code age} ago and whose files may still exist. */
    Future<List<String>> findDiscardedImages(Duration age, int limit) {
        return database.pool()
                .preparedQuery(RetentionSql.FIND_DISCARDED_IMAGES)
                .execute(Tuple.of(age.toMillis(), limit))
                .map(rows -> {
                    List<String> keys = new ArrayList<>(rows.size());
                    rows.forEach(row -> keys.add(row.getString("storage_key")));
                    return keys;
                });
    }

    /** Deletes the records of discarded images; call after their files were deleted. */
    Future<Void> deleteDiscardedImages(List<String> keys) {
        return keys.isEmpty()
                ? Future.succeededFuture()
                : database.pool()
                        .preparedQuery(RetentionSql.DELETE_DISCARDED_IMAGES)
                        .execute(Tuple.of(keys.toArray(String[]::new)))
                        .mapEmpty();
    }

    /** Finds the storage keys of the images with these ids that have a row. */
    Future<Set<String>> findKnownImages(List<UUID> ids) {
        return database.pool()
                .preparedQuery(RetentionSql.FIND_KNOWN_IMAGES)
                .execute(Tuple.of(ids.toArray(UUID[]::new)))
                .map(rows -> {
                    Set<String> keys = new HashSet<>();
                    rows.forEach(row -> keys.add(row.getString("storage_key")));
                    return keys;
                });
    }

    private Future<Optional<Row>> deleteBatch(String sql, Duration age, int limit) {
        return database.inTransaction(scope -> scope.connection()
                .query(RetentionSql.SET_TIMEOUT)
                .execute()
                .compose(set -> scope.connection().query(RetentionSql.TRY_LOCK).execute())
                .compose(rows -> rows.iterator().next().getBoolean("mine")
                        ? scope.connection()
                                .preparedQuery(sql)
                                .execute(Tuple.of(age.toMillis(), limit))
                                .map(deleted -> Optional.of(deleted.iterator().next()))
                        : Future.succeededFuture(Optional.empty())));
    }
}
