package dev.darkroom.notification;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** The notifications that are in PostgreSQL. Futures fail with the driver's errors. Usable from any event loop. */
final class NotificationStore {
    /** More devices than anybody has. */
    private static final int MOST_DEVICES = 50;

    private final Database database;

    NotificationStore(Database database) {
        this.database = database;
    }

    /** How a user's stream stands. */
    record Standing(UUID epoch, long top, long acked) {}

    /** What a badge shows. */
    record State(long acked, long top, long unread) {

        JsonObject toJson() {
            return new JsonObject().put("acked", acked).put("unread", unread);
        }
    }

    /**
     * What came of an acknowledgement.
     *
     * @param acked of the device if one was named, else of the user
     * @param room false when the device was one too many, and nothing was done
     */
    record Acknowledged(long acked, long top, boolean room) {}

    /** A user's device. */
    record Device(String user, String subscriber) {}

    /** What these users have after a number each, the oldest first, at most {@code limit} of each. */
    Future<Map<String, List<Notification>>> after(Map<String, Long> wanted, int limit) {
        return database.pool()
                .preparedQuery(NotificationSql.AFTER)
                .execute(Tuple.of(
                        wanted.keySet().toArray(String[]::new), wanted.values().toArray(Long[]::new), limit))
                .map(rows -> {
                    Map<String, List<Notification>> found = new HashMap<>();
                    rows.forEach(row -> found.computeIfAbsent(row.getString("user_id"), user -> new ArrayList<>())
                            .add(notification(row)));
                    return found;
                });
    }

    /** How the streams of these users stand; of those who had none, most have one now. */
    Future<Map<String, Standing>> open(Collection<String> users) {
        return standings(NotificationSql.OPEN, users);
    }

    /** How the streams of these users stand. */
    Future<Map<String, Standing>> tops(Collection<String> users) {
        return standings(NotificationSql.TOPS, users);
    }

    private Future<Map<String, Standing>> standings(String sql, Collection<String> users) {
        return database.pool()
                .preparedQuery(sql)
                .execute(Tuple.of(users.toArray(String[]::new)))
                .map(rows -> {
                    Map<String, Standing> found = new HashMap<>();
                    rows.forEach(row -> found.put(
                            row.getString("user_id"),
                            new Standing(
                                    row.getUUID("epoch"),
                                    row.getLong("top_seq"),
                                    row.getColumnIndex("acked_seq") < 0 ? 0 : row.getLong("acked_seq"))));
                    return found;
                });
    }

    /** Up to where these devices have acknowledged; those that never have are missing. */
    Future<Map<Device, Long>> cursors(Collection<Device> devices) {
        return database.pool()
                .preparedQuery(NotificationSql.CURSORS)
                .execute(Tuple.tuple()
                        .addArrayOfString(devices.stream().map(Device::user).toArray(String[]::new))
                        .addArrayOfString(
                                devices.stream().map(Device::subscriber).toArray(String[]::new)))
                .map(rows -> {
                    Map<Device, Long> found = new HashMap<>();
                    rows.forEach(row -> found.put(
                            new Device(row.getString("user_id"), row.getString("subscriber")),
                            row.getLong("acked_seq")));
                    return found;
                });
    }

    /** What the badges of these users show; of those who were never told anything there is none. */
    Future<Map<String, State>> states(Collection<String> users) {
        return database.pool()
                .preparedQuery(NotificationSql.STATES)
                .execute(Tuple.of(users.toArray(String[]::new)))
                .map(rows -> {
                    Map<String, State> found = new HashMap<>();
                    rows.forEach(row -> found.put(
                            row.getString("user_id"),
                            new State(row.getLong("acked_seq"), row.getLong("top_seq"), row.getLong("unread"))));
                    return found;
                });
    }

    /** A page of a user's, the oldest first. */
    Future<List<Notification>> list(String user, long after, int limit) {
        return database.pool()
                .preparedQuery(NotificationSql.LIST)
                .execute(Tuple.of(user, after, limit))
                .map(NotificationStore::notifications);
    }

    /** Empty when that number was not given out yet. {@code subscriber} may be null. */
    Future<Optional<Acknowledged>> ack(String user, long seq, String subscriber) {
        return database.pool()
                .preparedQuery(NotificationSql.ACK)
                .execute(Tuple.of(user, seq, subscriber, MOST_DEVICES))
                .map(rows -> first(rows)
                        .map(row ->
                                new Acknowledged(row.getLong("acked"), row.getLong("top"), row.getBoolean("room"))));
    }

    /** The user has opened it; empty when there is none. */
    Future<Optional<Notification>> read(String user, UUID id) {
        return database.pool()
                .preparedQuery(NotificationSql.READ)
                .execute(Tuple.of(id, user))
                .map(rows -> first(rows).map(NotificationStore::notification));
    }

    /** Forgets devices that were not heard of for so long. */
    Future<Integer> forgetDevices(Duration age) {
        return database.pool()
                .preparedQuery(NotificationSql.FORGET_DEVICES)
                .execute(Tuple.of(age.toMillis()))
                .map(RowSet::rowCount);
    }

    static List<Notification> notifications(RowSet<Row> rows) {
        List<Notification> found = new ArrayList<>(rows.size());
        rows.forEach(row -> found.add(notification(row)));
        return found;
    }

    private static Notification notification(Row row) {
        return new Notification(
                row.getUUID("id"),
                row.getString("user_id"),
                row.getLong("seq"),
                row.getString("type"),
                row.getUUID("generation_id"),
                row.getOffsetDateTime("created_at"),
                row.getOffsetDateTime("read_at"),
                row.getJsonObject("data"));
    }

    private static Optional<Row> first(RowSet<Row> rows) {
        return rows.size() == 0 ? Optional.empty() : Optional.of(rows.iterator().next());
    }
}
