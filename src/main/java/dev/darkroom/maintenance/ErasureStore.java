package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Deletes a user's rows in batches, each in its own transaction. Futures fail with the driver's errors. Usable from any event loop.
 */
record ErasureStore(Database database) {
    private static final int BATCH_SIZE = 500;

    /**
     * Attempt that may have left image files.
     *
     * @param nodeId node that ran the attempt
     * @param token fencing token of the attempt
     * @param imageCount number of images that its generation requested
     */
    record ErasedAttempt(UUID generationId, UUID nodeId, long token, int imageCount) {}

    /** Stores the request to erase a user. */
    Future<Void> request(String user) {
        return execute(ErasureSql.INSERT_REQUEST, Tuple.of(user)).mapEmpty();
    }

    /** Finds up to 100 users with an unfinished erasure, oldest request first. */
    Future<List<String>> findUnfinished() {
        return database.pool()
                .preparedQuery(ErasureSql.FIND_UNFINISHED)
                .execute()
                .map(rows -> rows.stream().map(row -> row.getString("user_id")).toList());
    }

    /** Checks whether the erasure of a user is unfinished. */
    Future<Boolean> isUnfinished(String user) {
        return execute(ErasureSql.CHECK_UNFINISHED, Tuple.of(user)).map(rows -> rows.size() > 0);
    }

    /** Finishes an erasure. Completes with false if the request is younger than 5 s, or if files or attempts are left. */
    Future<Boolean> finish(String user) {
        return execute(ErasureSql.DELETE_FINISHED, Tuple.of(user)).map(rows -> rows.size() > 0);
    }

    /** Deletes the user's API keys and stream tickets; completes with the number of rows. */
    Future<Integer> deleteCredentials(String user) {
        return sum(
                ErasureSql.DELETE_CREDENTIALS,
                sql -> execute(sql, Tuple.of(user)).map(RowSet::rowCount));
    }

    /** Deletes a batch of generations; completes with their number. */
    Future<Integer> deleteGenerations(String user) {
        return deleteBatch(ErasureSql.DELETE_GENERATIONS, user);
    }

    /** Finds a batch of storage keys of erased images whose files may still exist. */
    Future<List<String>> findErasedImages(String user) {
        return execute(ErasureSql.FIND_ERASED_IMAGES, Tuple.of(user, BATCH_SIZE))
                .map(rows ->
                        rows.stream().map(row -> row.getString("storage_key")).toList());
    }

    /** Deletes the records of erased images; call after their files were deleted. */
    Future<Void> deleteErasedImages(List<String> keys) {
        return execute(ErasureSql.DELETE_ERASED_IMAGES, Tuple.of(keys.toArray(String[]::new)))
                .mapEmpty();
    }

    /** Finds a batch of attempts that write no more files and may have left some. */
    Future<List<ErasedAttempt>> findEndedAttempts(String user) {
        return execute(ErasureSql.FIND_ENDED_ATTEMPTS, Tuple.of(user, BATCH_SIZE))
                .map(rows -> rows.stream()
                        .map(row -> new ErasedAttempt(
                                row.getUUID("generation_id"),
                                row.getUUID("node_id"),
                                row.getLong("lease_token"),
                                row.getInteger("image_count")))
                        .toList());
    }

    /** Deletes the records of erased attempts; call after their files were deleted. */
    Future<Void> deleteErasedAttempts(List<ErasedAttempt> attempts) {
        Tuple values = Tuple.tuple()
                .addArrayOfUUID(
                        attempts.stream().map(ErasedAttempt::generationId).toArray(UUID[]::new))
                .addArrayOfLong(attempts.stream().map(ErasedAttempt::token).toArray(Long[]::new));
        return execute(ErasureSql.DELETE_ERASED_ATTEMPTS, values).mapEmpty();
    }

    /** Counts the attempts that may still write files. */
    Future<Integer> countErasedAttempts(String user) {
        return execute(ErasureSql.COUNT_ERASED_ATTEMPTS, Tuple.of(user))
                .map(rows -> rows.iterator().next().getInteger("attempts"));
    }

    /** Deletes all remaining rows of the user; completes with their number. */
    Future<Integer> deleteOthers(String user) {
        return sum(ErasureSql.DELETE_OTHER_ROWS, sql -> repeat(() -> deleteBatch(sql, user)));
    }

    /** Runs a step for each item, in order; completes with the sum of the results. */
    static <T> Future<Integer> sum(List<T> items, Function<T, Future<Integer>> step) {
        Future<Integer> total = Future.succeededFuture(0);
        for (T item : items) {
            total = total.compose(before -> step.apply(item).map(count -> before + count));
        }
        return total;
    }

    /** Repeats a batch until its result is 0; completes with the sum of the results. */
    static Future<Integer> repeat(Supplier<Future<Integer>> batch) {
        return repeat(batch, 0);
    }

    private static Future<Integer> repeat(Supplier<Future<Integer>> batch, int before) {
        return batch.get()
                .compose(count -> count == 0 ? Future.succeededFuture(before) : repeat(batch, before + count));
    }

    private Future<Integer> deleteBatch(String sql, String user) {
        return execute(sql, Tuple.of(user, BATCH_SIZE))
                .map(rows -> rows.iterator().next().getInteger("deleted"));
    }

    private Future<RowSet<Row>> execute(String sql, Tuple values) {
        return database.pool().preparedQuery(sql).execute(values);
    }
}
