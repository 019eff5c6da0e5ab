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
public final class NotificationStore {
    /** More devices than anybody has. */
    private static final int MAX_SUBSCRIBERS = 50;

    private final Database database;

    public NotificationStore(Database database) {
        this.database = database;
    }

    /** How a user's stream stands. */
    public record StreamState(UUID epoch, long lastSeq, long ackedSeq) {}

    /** What a badge shows. */
    public record UnreadState(long ackedSeq, long lastSeq, long unreadCount) {

        public JsonObject toJson() {
            return new JsonObject().put("acked", ackedSeq).put("unread", unreadCount);
        }
    }

    /**
     * What came of an acknowledgement.
     *
     * @param ackedSeq of the device if one was named, else of the user
     * @param accepted false when the device was one too many, and nothing was done
     */
    public record AckResult(long ackedSeq, long lastSeq, boolean accepted) {}

    /** A user's device. */
    public record SubscriberId(String user, String subscriber) {}

    /** What these users have after a number each, the oldest first, at most {@code limit} of each. */
    public Future<Map<String, List<Notification>>> fetchAfter(Map<String, Long> wanted, int limit) {
        return database.pool()
                .preparedQuery(NotificationSql.SELECT_AFTER)
                .execute(Tuple.of(
                        wanted.keySet().toArray(String[]::new), wanted.values().toArray(Long[]::new), limit))
                .map(rows -> {
                    Map<String, List<Notification>> found = new HashMap<>();
                    rows.forEach(row -> found.computeIfAbsent(row.getString("user_id"), user -> new ArrayList<>())
                            .add(toNotification(row)));
                    return found;
                });
    }

    /** How the streams of these users stand; of those who had none, most have one now. */
    public Future<Map<String, StreamState>> findOrCreateStreams(Collection<String> users) {
        return queryStreams(NotificationSql.SELECT_OR_CREATE_STREAMS, users);
    }

    /** How the streams of these users stand. */
    public Future<Map<String, StreamState>> findStreams(Collection<String> users) {
        return queryStreams(NotificationSql.SELECT_STREAMS, users);
    }

    private Future<Map<String, StreamState>> queryStreams(String sql, Collection<String> users) {
        return database.pool()
                .preparedQuery(sql)
                .execute(Tuple.of(users.toArray(String[]::new)))
                .map(rows -> {
                    Map<String, StreamState> found = new HashMap<>();
                    rows.forEach(row -> found.put(
                            row.getString("user_id"),
                            new StreamState(
                                    row.getUUID("epoch"),
                                    row.getLong("top_seq"),
                                    row.getColumnIndex("acked_seq") < 0 ? 0 : row.getLong("acked_seq"))));
                    return found;
                });
    }

    /** Up to where these devices have acknowledged; those that never have are missing. */
    public Future<Map<SubscriberId, Long>> findSubscriberCursors(Collection<SubscriberId> devices) {
        return database.pool()
                .preparedQuery(NotificationSql.SELECT_SUBSCRIBER_CURSORS)
                .execute(Tuple.tuple()
                        .addArrayOfString(
                                devices.stream().map(SubscriberId::user).toArray(String[]::new))
                        .addArrayOfString(
                                devices.stream().map(SubscriberId::subscriber).toArray(String[]::new)))
                .map(rows -> {
                    Map<SubscriberId, Long> found = new HashMap<>();
                    rows.forEach(row -> found.put(
                            new SubscriberId(row.getString("user_id"), row.getString("subscriber")),
                            row.getLong("acked_seq")));
                    return found;
                });
    }

    /** What the badges of these users show; of those who were never told anything there is none. */
    public Future<Map<String, UnreadState>> findUnreadStates(Collection<String> users) {
        return database.pool()
                .preparedQuery(NotificationSql.SELECT_UNREAD_STATES)
                .execute(Tuple.of(users.toArray(String[]::new)))
                .map(rows -> {
                    Map<String, UnreadState> found = new HashMap<>();
                    rows.forEach(row -> found.put(
                            row.getString("user_id"),
                            new UnreadState(row.getLong("acked_seq"), row.getLong("top_seq"), row.getLong("unread"))));
                    return found;
                });
    }

    /** A page of a user's, the oldest first. */
    public Future<List<Notification>> list(String user, long after, int limit) {
        return database.pool()
                .preparedQuery(NotificationSql.SELECT_PAGE)
                .execute(Tuple.of(user, after, limit))
                .map(NotificationStore::toNotifications);
    }

    /** Empty when that number was not given out yet. {@code subscriber} may be null. */
    public Future<Optional<AckResult>> acknowledge(String user, long seq, String subscriber) {
        return database.pool()
                .preparedQuery(NotificationSql.ACKNOWLEDGE)
                .execute(Tuple.of(user, seq, subscriber, MAX_SUBSCRIBERS))
                .map(rows -> firstRow(rows)
                        .map(row -> new AckResult(row.getLong("acked"), row.getLong("top"), row.getBoolean("room"))));
    }

    /** The user has opened it; empty when there is none. */
    public Future<Optional<Notification>> markRead(String user, UUID id) {
        return database.pool()
                .preparedQuery(NotificationSql.MARK_READ)
                .execute(Tuple.of(id, user))
                .map(rows -> firstRow(rows).map(NotificationStore::toNotification));
    }

    /** Forgets devices that were not heard of for so long. */
    Future<Integer> deleteExpiredSubscribers(Duration age) {
        return database.pool()
                .preparedQuery(NotificationSql.DELETE_EXPIRED_SUBSCRIBERS)
                .execute(Tuple.of(age.toMillis()))
                .map(RowSet::rowCount);
    }

    static List<Notification> toNotifications(RowSet<Row> rows) {
        List<Notification> found = new ArrayList<>(rows.size());
        rows.forEach(row -> found.add(toNotification(row)));
        return found;
    }

    private static Notification toNotification(Row row) {
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

    private static Optional<Row> firstRow(RowSet<Row> rows) {
        return rows.size() == 0 ? Optional.empty() : Optional.of(rows.iterator().next());
    }
}
