package dev.darkroom.housekeeping;

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

/** Deletes old rows, a batch in a transaction. Futures fail with the driver's errors. Usable from any event loop. */
final class RetentionStore {
    private final Database database;

    RetentionStore(Database database) {
        this.database = database;
    }

    /** Rows that are gone for good, and the pictures that nobody names any more. */
    record Deleted(int generations, List<String> keys) {}

    /** Deletes up to {@code limit} generations that ended longer ago than {@code age}; empty when it is another's turn. */
    Future<Optional<Deleted>> ended(Duration age, int limit) {
        return batch(RetentionSql.DELETE_ENDED, age, limit)
                .map(found -> found.map(
                        row -> new Deleted(row.getInteger("generations"), List.of(row.getArrayOfStrings("keys")))));
    }

    /** Deletes the attempts of up to {@code limit} such generations. */
    Future<Optional<Deleted>> attempts(Duration age, int limit) {
        return batch(RetentionSql.DELETE_ATTEMPTS, age, limit)
                .map(found -> found.map(row -> new Deleted(row.getInteger("generations"), List.of())));
    }

    /** Forgets up to {@code limit} idempotency keys that are older than {@code age}; empty when it is another's turn. */
    Future<Optional<Deleted>> idempotencyKeys(Duration age, int limit) {
        return batch(RetentionSql.DELETE_KEYS, age, limit)
                .map(found -> found.map(row -> new Deleted(row.getInteger("generations"), List.of())));
    }

    /** Forgets up to {@code limit} tickets that are good no more; empty when it is another's turn. */
    Future<Optional<Deleted>> tickets(int limit) {
        return batch(RetentionSql.DELETE_TICKETS, Duration.ZERO, limit)
                .map(found -> found.map(row -> new Deleted(row.getInteger("generations"), List.of())));
    }

    /** Pictures whose rows were deleted longer ago than {@code age}, and whose files may still be there. */
    Future<List<String>> discarded(Duration age, int limit) {
        return database.pool()
                .preparedQuery(RetentionSql.DISCARDED)
                .execute(Tuple.of(age.toMillis(), limit))
                .map(rows -> {
                    List<String> keys = new ArrayList<>(rows.size());
                    rows.forEach(row -> keys.add(row.getString("storage_key")));
                    return keys;
                });
    }

    /** The files of these pictures are gone. */
    Future<Void> filesDeleted(List<String> keys) {
        return keys.isEmpty()
                ? Future.succeededFuture()
                : database.pool()
                        .preparedQuery(RetentionSql.FILES_DELETED)
                        .execute(Tuple.of(keys.toArray(String[]::new)))
                        .mapEmpty();
    }

    /** The keys of those of these pictures that have a row. */
    Future<Set<String>> known(List<UUID> ids) {
        return database.pool()
                .preparedQuery(RetentionSql.KNOWN)
                .execute(Tuple.of(ids.toArray(UUID[]::new)))
                .map(rows -> {
                    Set<String> keys = new HashSet<>();
                    rows.forEach(row -> keys.add(row.getString("storage_key")));
                    return keys;
                });
    }

    private Future<Optional<Row>> batch(String sql, Duration age, int limit) {
        return database.inTransaction(connection -> connection
                .query(RetentionSql.PATIENCE)
                .execute()
                .compose(set -> connection.query(RetentionSql.TURN).execute())
                .compose(rows -> rows.iterator().next().getBoolean("mine")
                        ? connection
                                .preparedQuery(sql)
                                .execute(Tuple.of(age.toMillis(), limit))
                                .map(deleted -> Optional.of(deleted.iterator().next()))
                        : Future.succeededFuture(Optional.empty())));
    }
}
