package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Deletes a user's rows in batches, each in a transaction of its own. Futures fail with the driver's errors. */
final class ErasureStore {
    private static final int BATCH_SIZE = 500;

    private final Database database;

    ErasureStore(Database database) {
        this.database = database;
    }

    /**
     * An attempt that may have left files.
     *
     * @param imageCount how many its generation asked for
     */
    record ErasedAttempt(UUID generationId, UUID nodeId, long token, int imageCount) {}

    /** Stores that a user is to be erased. */
    Future<Void> request(String user) {
        return execute(ErasureSql.INSERT_REQUEST, Tuple.of(user)).mapEmpty();
    }

    /** The users whose erasure is not finished. */
    Future<List<String>> findUnfinished() {
        return database.pool()
                .preparedQuery(ErasureSql.FIND_UNFINISHED)
                .execute()
                .map(rows -> {
                    List<String> users = new ArrayList<>(rows.size());
                    rows.forEach(row -> users.add(row.getString("user_id")));
                    return users;
                });
    }

    /** Whether the erasure of a user is not finished. */
    Future<Boolean> isUnfinished(String user) {
        return execute(ErasureSql.CHECK_UNFINISHED, Tuple.of(user)).map(rows -> rows.size() > 0);
    }

    /** Ends an erasure that found nothing more to delete. False when it is too early for that. */
    Future<Boolean> finish(String user) {
        return execute(ErasureSql.DELETE_FINISHED, Tuple.of(user)).map(rows -> rows.size() > 0);
    }

    /** Deletes what lets the user in; completes with the number of rows. */
    Future<Integer> deleteCredentials(String user) {
        Future<Integer> deleted = Future.succeededFuture(0);
        for (String sql : ErasureSql.DELETE_CREDENTIALS) {
            deleted = deleted.compose(before -> execute(sql, Tuple.of(user)).map(rows -> before + rows.rowCount()));
        }
        return deleted;
    }

    /** Deletes a batch of generations; completes with their number. */
    Future<Integer> deleteGenerations(String user) {
        return execute(ErasureSql.DELETE_GENERATIONS, Tuple.of(user, BATCH_SIZE))
                .map(rows -> rows.iterator().next().getInteger("deleted"));
    }

    /** Storage keys of erased images whose files may still exist, at most a batch. */
    Future<List<String>> findErasedImages(String user) {
        return execute(ErasureSql.FIND_ERASED_IMAGES, Tuple.of(user, BATCH_SIZE))
                .map(rows -> {
                    List<String> keys = new ArrayList<>(rows.size());
                    rows.forEach(row -> keys.add(row.getString("storage_key")));
                    return keys;
                });
    }

    /** The files of these images are gone. */
    Future<Void> deleteErasedImages(List<String> keys) {
        return execute(ErasureSql.DELETE_ERASED_IMAGES, Tuple.of(keys.toArray(String[]::new)))
                .mapEmpty();
    }

    /** Attempts that write no more files and may have left some, at most a batch. */
    Future<List<ErasedAttempt>> findEndedAttempts(String user) {
        return execute(ErasureSql.FIND_ENDED_ATTEMPTS, Tuple.of(user, BATCH_SIZE))
                .map(rows -> {
                    List<ErasedAttempt> attempts = new ArrayList<>(rows.size());
                    rows.forEach(row -> attempts.add(new ErasedAttempt(
                            row.getUUID("generation_id"),
                            row.getUUID("node_id"),
                            row.getLong("lease_token"),
                            row.getInteger("image_count"))));
                    return attempts;
                });
    }

    /** The files of these attempts are gone. */
    Future<Void> deleteErasedAttempts(List<ErasedAttempt> attempts) {
        Tuple values = Tuple.tuple()
                .addArrayOfUUID(
                        attempts.stream().map(ErasedAttempt::generationId).toArray(UUID[]::new))
                .addArrayOfLong(attempts.stream().map(ErasedAttempt::token).toArray(Long[]::new));
        return execute(ErasureSql.DELETE_ERASED_ATTEMPTS, values).mapEmpty();
    }

    /** How many attempts may still write files. */
    Future<Integer> countErasedAttempts(String user) {
        return execute(ErasureSql.COUNT_ERASED_ATTEMPTS, Tuple.of(user))
                .map(rows -> rows.iterator().next().getInteger("attempts"));
    }

    /** Deletes all other rows; completes with their number. */
    Future<Integer> deleteOthers(String user) {
        Future<Integer> deleted = Future.succeededFuture(0);
        for (String sql : ErasureSql.DELETE_OTHER_ROWS) {
            deleted = deleted.compose(before -> deleteAll(sql, user, before));
        }
        return deleted;
    }

    private Future<Integer> deleteAll(String sql, String user, int before) {
        return execute(sql, Tuple.of(user, BATCH_SIZE)).compose(rows -> {
            int deleted = rows.iterator().next().getInteger("deleted");
            return deleted == 0 ? Future.succeededFuture(before) : deleteAll(sql, user, before + deleted);
        });
    }

    private Future<RowSet<Row>> execute(String sql, Tuple values) {
        return database.pool().preparedQuery(sql).execute(values);
    }
}
