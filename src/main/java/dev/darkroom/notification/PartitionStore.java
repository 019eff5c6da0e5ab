package dev.darkroom.notification;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/** Makes and drops the partitions of notifications. Futures fail with the driver's errors. Usable from any event loop. */
final class PartitionStore {
    private final Database database;

    PartitionStore(Database database) {
        this.database = database;
    }

    /** Makes those of this week and the next {@code weeks}, where they are missing; completes with the names of the new ones. */
    Future<List<String>> make(int weeks) {
        return inTurn(connection -> connection
                .preparedQuery(PartitionSql.MISSING)
                .execute(Tuple.of(weeks))
                .compose(rows -> {
                    List<String> made = new ArrayList<>();
                    Future<Void> all = Future.succeededFuture();
                    for (Row row : rows) {
                        all = all.compose(done -> make(connection, row))
                                .onSuccess(done -> made.add(row.getString("name")));
                    }
                    return all.map(done -> made);
                }));
    }

    private static Future<Void> make(SqlConnection connection, Row week) {
        String name = week.getString("name");
        return connection
                .query(PartitionSql.MAKE.formatted(name))
                .execute()
                .compose(made -> connection
                        .query(PartitionSql.ATTACH.formatted(name, week.getString("begins"), week.getString("ends")))
                        .execute())
                .mapEmpty();
    }

    /** Drops what is older than {@code age}, all of it; completes with what was dropped, in words. */
    Future<List<String>> drop(Duration age) {
        return inTurn(connection -> connection
                .preparedQuery(PartitionSql.OLD)
                .execute(Tuple.of(age.toMillis()))
                .compose(rows -> {
                    List<String> dropped = new ArrayList<>();
                    Future<Void> all = Future.succeededFuture();
                    for (Row row : rows) {
                        all = all.compose(
                                        done -> drop(connection, row.getString("name"), row.getOffsetDateTime("ends")))
                                .onSuccess(done -> dropped.add(row.getString("name")));
                    }
                    return all.compose(done -> deleteOther(connection, age)).map(deleted -> {
                        if (deleted > 0) {
                            dropped.add(deleted + " rows of no partition");
                        }
                        return dropped;
                    });
                }));
    }

    private static Future<Void> drop(SqlConnection connection, String name, OffsetDateTime ends) {
        return connection
                .query(PartitionSql.DROP.formatted(name))
                .execute()
                .compose(dropped -> completeSince(connection, ends));
    }

    private static Future<Long> deleteOther(SqlConnection connection, Duration age) {
        return connection
                .preparedQuery(PartitionSql.DELETE_OTHER)
                .execute(Tuple.of(age.toMillis()))
                .compose(rows -> {
                    Row row = rows.iterator().next();
                    long deleted = row.getLong("deleted");
                    return deleted == 0
                            ? Future.succeededFuture(deleted)
                            : completeSince(connection, row.getOffsetDateTime("last"))
                                    .map(deleted);
                });
    }

    private static Future<Void> completeSince(SqlConnection connection, OffsetDateTime moment) {
        return connection
                .preparedQuery(PartitionSql.COMPLETE_SINCE)
                .execute(Tuple.of(moment))
                .mapEmpty();
    }

    private Future<List<String>> inTurn(Function<SqlConnection, Future<List<String>>> work) {
        return database.inTransaction(connection -> connection
                .query(PartitionSql.TURN)
                .execute()
                .compose(rows -> rows.iterator().next().getBoolean("mine")
                        ? work.apply(connection)
                        : Future.succeededFuture(List.of())));
    }
}
