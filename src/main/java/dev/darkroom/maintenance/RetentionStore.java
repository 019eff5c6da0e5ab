package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Deletes expired rows, one batch per transaction. A batch completes with empty if another process holds the advisory lock. Futures fail
 * with the driver's errors. Usable from any event loop.
 */
record RetentionStore(Database database) {
    /**
     * Result of a batch.
     *
     * @param count number of deleted rows, or of generations whose attempts were deleted
     * @param storageKeys keys of image files to delete; empty unless generations or uploads were deleted
     */
    record DeletedBatch(int count, List<String> storageKeys) {}

    /**
     * Executes one of the statements of {@link RetentionSql} that delete a batch.
     *
     * @param age minimum age of deleted rows
     * @param limit maximum number of deleted rows, or of generations whose attempts are deleted
     */
    Future<Optional<DeletedBatch>> deleteBatch(String sql, Duration age, int limit) {
        return database.inTransaction(scope -> scope.connection()
                .query(RetentionSql.SET_TIMEOUT)
                .execute()
                .compose(set -> scope.connection().query(RetentionSql.TRY_LOCK).execute())
                .compose(rows -> rows.iterator().next().getBoolean("mine")
                        ? scope.connection()
                                .preparedQuery(sql)
                                .execute(Tuple.of(age.toMillis(), limit))
                                .map(deleted ->
                                        Optional.of(toBatch(deleted.iterator().next())))
                        : Future.succeededFuture(Optional.empty())));
    }

    private static DeletedBatch toBatch(Row row) {
        return new DeletedBatch(
                row.getInteger("deleted"),
                row.getColumnIndex("keys") < 0 ? List.of() : List.of(row.getArrayOfStrings("keys")));
    }

    /** Deletes subscribers without an acknowledgement within {@code age}. */
    Future<Void> deleteExpiredSubscribers(Duration age) {
        return database.pool()
                .preparedQuery(RetentionSql.DELETE_EXPIRED_SUBSCRIBERS)
                .execute(Tuple.of(age.toMillis()))
                .mapEmpty();
    }

    /** Deletes budgets of periods that began more than {@code age} ago. */
    Future<Void> deleteExpiredBudgets(Duration age) {
        return database.pool()
                .preparedQuery(RetentionSql.DELETE_EXPIRED_BUDGETS)
                .execute(Tuple.of(age.toMillis()))
                .mapEmpty();
    }

    /** Deletes the rows of deleted webhooks that have no deliveries left. */
    Future<Void> deleteEmptyWebhooks() {
        return database.pool()
                .preparedQuery(RetentionSql.DELETE_EMPTY_WEBHOOKS)
                .execute()
                .mapEmpty();
    }

    /** Finds storage keys of images whose rows were deleted more than {@code age} ago and whose files may still exist. */
    Future<List<String>> findDiscardedImages(Duration age, int limit) {
        return database.pool()
                .preparedQuery(RetentionSql.FIND_DISCARDED_IMAGES)
                .execute(Tuple.of(age.toMillis(), limit))
                .map(rows ->
                        rows.stream().map(row -> row.getString("storage_key")).toList());
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
                .map(rows ->
                        rows.stream().map(row -> row.getString("storage_key")).collect(Collectors.toSet()));
    }
}
