package dev.darkroom.erasure;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;

/** Deletes a user's rows in batches, each in a transaction of its own. Futures fail with the driver's errors. */
final class ErasureStore {
    private static final int BATCH = 500;

    private final Database database;

    ErasureStore(Database database) {
        this.database = database;
    }

    /** The result of a batch: deleted generations, and the storage keys of their images. */
    record Batch(int generations, List<String> keys) {}

    /** Stores that a user is to be erased. */
    Future<Void> request(String user) {
        return execute(ErasureSql.REQUEST, Tuple.of(user)).mapEmpty();
    }

    /** The users whose erasure is not finished. */
    Future<List<String>> open() {
        return database.pool().preparedQuery(ErasureSql.OPEN).execute().map(rows -> {
            List<String> users = new ArrayList<>(rows.size());
            rows.forEach(row -> users.add(row.getString("user_id")));
            return users;
        });
    }

    /** Whether the erasure of a user is not finished. */
    Future<Boolean> isOpen(String user) {
        return execute(ErasureSql.IS_OPEN, Tuple.of(user)).map(rows -> rows.size() > 0);
    }

    /** Ends an erasure that found nothing more to delete. False when it is too early for that. */
    Future<Boolean> finish(String user) {
        return execute(ErasureSql.FINISH, Tuple.of(user)).map(rows -> rows.size() > 0);
    }

    /** Deletes what lets the user in; completes with the number of rows. */
    Future<Integer> deleteCredentials(String user) {
        Future<Integer> deleted = Future.succeededFuture(0);
        for (String sql : ErasureSql.CREDENTIALS) {
            deleted = deleted.compose(before -> execute(sql, Tuple.of(user)).map(rows -> before + rows.rowCount()));
        }
        return deleted;
    }

    /** Deletes a batch of generations. */
    Future<Batch> deleteGenerations(String user) {
        return execute(ErasureSql.GENERATIONS, Tuple.of(user, BATCH)).map(rows -> {
            Row row = rows.iterator().next();
            return new Batch(row.getInteger("deleted"), List.of(row.getArrayOfStrings("keys")));
        });
    }

    /** The files of these images are gone. */
    Future<Void> filesDeleted(List<String> keys) {
        return execute(ErasureSql.FILES_DELETED, Tuple.of(keys.toArray(String[]::new)))
                .mapEmpty();
    }

    /** Deletes all other rows; completes with their number. */
    Future<Integer> deleteOthers(String user) {
        Future<Integer> deleted = Future.succeededFuture(0);
        for (String sql : ErasureSql.BATCHES) {
            deleted = deleted.compose(before -> deleteAll(sql, user, before));
        }
        return deleted;
    }

    private Future<Integer> deleteAll(String sql, String user, int before) {
        return execute(sql, Tuple.of(user, BATCH)).compose(rows -> {
            int deleted = rows.iterator().next().getInteger("deleted");
            return deleted == 0 ? Future.succeededFuture(before) : deleteAll(sql, user, before + deleted);
        });
    }

    private Future<RowSet<Row>> execute(String sql, Tuple values) {
        return database.pool().preparedQuery(sql).execute(values);
    }
}
