package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Creates and drops partitions of {@code notifications}. Futures fail with the driver's errors. Usable from any event loop. */
record NotificationPartitionStore(Database database) {
    /**
     * Creates the missing partitions for the current week and the next {@code weeks} weeks.
     *
     * @return names of the created partitions; empty if another process holds the lock
     */
    Future<List<String>> create(int weeks) {
        return withLock(connection -> connection
                .preparedQuery(NotificationPartitionSql.SELECT_MISSING_WEEKS)
                .execute(Tuple.of(weeks))
                .compose(rows -> forEach(rows, row -> create(connection, row))));
    }

    private static Future<Void> create(SqlConnection connection, Row week) {
        String name = week.getString("name");
        return connection
                .query(NotificationPartitionSql.CREATE_PARTITION.formatted(name))
                .execute()
                .compose(created -> connection
                        .query(NotificationPartitionSql.ATTACH_PARTITION.formatted(
                                name, week.getString("begins"), week.getString("ends")))
                        .execute())
                .mapEmpty();
    }

    /**
     * Drops the partitions that ended more than {@code age} ago and deletes older rows from the default partition.
     *
     * @return names of the dropped partitions, and the number of rows deleted from the default partition as text; empty if another
     *     process holds the lock
     */
    Future<List<String>> drop(Duration age) {
        return withLock(connection -> connection
                .preparedQuery(NotificationPartitionSql.SELECT_EXPIRED)
                .execute(Tuple.of(age.toMillis()))
                .compose(rows -> forEach(rows, row -> drop(connection, row)))
                .compose(dropped -> deleteExpiredFromDefault(connection, age).map(deleted -> {
                    if (deleted > 0) {
                        dropped.add(deleted + " rows of the default partition");
                    }
                    return dropped;
                })));
    }

    /** Runs {@code work} for each partition, in order; completes with their names. */
    private static Future<List<String>> forEach(RowSet<Row> partitions, Function<Row, Future<Void>> work) {
        List<String> names = new ArrayList<>();
        Future<Void> all = Future.succeededFuture();
        for (Row partition : partitions) {
            all = all.compose(done -> work.apply(partition)).onSuccess(done -> names.add(partition.getString("name")));
        }
        return all.map(names);
    }

    private static Future<Void> drop(SqlConnection connection, Row partition) {
        return connection
                .query(NotificationPartitionSql.DROP_PARTITION.formatted(partition.getString("name")))
                .execute()
                .compose(dropped -> advanceCompleteSince(connection, partition.getOffsetDateTime("ends")));
    }

    private static Future<Long> deleteExpiredFromDefault(SqlConnection connection, Duration age) {
        return connection
                .preparedQuery(NotificationPartitionSql.DELETE_EXPIRED_FROM_DEFAULT)
                .execute(Tuple.of(age.toMillis()))
                .compose(rows -> {
                    Row row = rows.iterator().next();
                    long deleted = row.getLong("deleted");
                    return deleted == 0
                            ? Future.succeededFuture(deleted)
                            : advanceCompleteSince(connection, row.getOffsetDateTime("last"))
                                    .map(deleted);
                });
    }

    private static Future<Void> advanceCompleteSince(SqlConnection connection, OffsetDateTime time) {
        return connection
                .preparedQuery(NotificationPartitionSql.UPDATE_COMPLETE_SINCE)
                .execute(Tuple.of(time))
                .mapEmpty();
    }

    private Future<List<String>> withLock(Function<SqlConnection, Future<List<String>>> work) {
        return database.inTransaction(scope -> scope.connection()
                .query(NotificationPartitionSql.TRY_LOCK)
                .execute()
                .compose(rows -> rows.iterator().next().getBoolean("mine")
                        ? work.apply(scope.connection())
                        : Future.succeededFuture(List.of())));
    }
}
