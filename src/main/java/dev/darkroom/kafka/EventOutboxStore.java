package dev.darkroom.kafka;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.StreamSupport;

/** Reads and deletes events, and holds the lease of their publisher. Futures fail with the driver's errors. Thread-safe. */
record EventOutboxStore(Database database) {

    /**
     * State of the outbox.
     *
     * @param active whether notifications are added
     * @param oldestAgeSeconds age of the oldest event, 0 without one
     * @param waiting number of events, at most 100,000
     */
    record State(boolean active, double oldestAgeSeconds, long waiting) {}

    Future<State> readState() {
        return database.pool()
                .preparedQuery(EventOutboxSql.SELECT_STATE)
                .execute()
                .map(rows -> {
                    Row row = rows.iterator().next();
                    Double age = row.getDouble("age");
                    return new State(row.getBoolean("active"), age == null ? 0 : age, row.getLong("waiting"));
                });
    }

    /** Starts adding notifications to the outbox. Fails when another transaction holds a lock for long. */
    Future<Void> activate() {
        return database.inTransaction(scope -> scope.connection()
                .query(EventOutboxSql.LIMIT_LOCK_WAIT)
                .execute()
                .compose(limited -> scope.connection()
                        .query(EventOutboxSql.LOCK_PUBLICATION)
                        .execute())
                .compose(locked ->
                        scope.connection().query(EventOutboxSql.ACTIVATE).execute())
                .mapEmpty());
    }

    /** Keeps notifications being added. */
    Future<Void> renew() {
        return database.pool().preparedQuery(EventOutboxSql.RENEW).execute().mapEmpty();
    }

    /** Completes with whether the node is the publisher now. */
    Future<Boolean> claim(UUID nodeId) {
        return database.pool()
                .preparedQuery(EventOutboxSql.CLAIM)
                .execute(Tuple.of(nodeId))
                .map(rows -> rows.size() > 0);
    }

    Future<Void> release(UUID nodeId) {
        return database.pool()
                .preparedQuery(EventOutboxSql.RELEASE)
                .execute(Tuple.of(nodeId))
                .mapEmpty();
    }

    /** Reads the first events, in order. Empty if the node is not the publisher. */
    Future<Optional<List<OutboxEvent>>> read(UUID nodeId, int limit) {
        return database.pool()
                .preparedQuery(EventOutboxSql.SELECT_EVENTS)
                .execute(Tuple.of(nodeId, limit))
                .map(rows -> rows.size() == 0
                        ? Optional.empty()
                        : Optional.of(StreamSupport.stream(rows.spliterator(), false)
                                .filter(row -> row.getLong("id") != null)
                                .map(row -> new OutboxEvent(
                                        row.getLong("id"), row.getString("user_id"), row.getString("event")))
                                .toList()));
    }

    Future<Void> deletePublished(List<OutboxEvent> events) {
        return database.pool()
                .preparedQuery(EventOutboxSql.DELETE_PUBLISHED)
                .execute(Tuple.of(events.stream().map(OutboxEvent::id).toArray(Long[]::new)))
                .mapEmpty();
    }
}
