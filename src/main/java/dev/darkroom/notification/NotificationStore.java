package dev.darkroom.notification;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Reads notifications and updates their read state in PostgreSQL. Futures fail with the driver's errors. Usable from any event loop. */
public record NotificationStore(Database database) {
    /** Maximum number of subscribers (devices) per user. */
    private static final int MAX_SUBSCRIBERS = 50;

    /**
     * State of a user's stream.
     *
     * @param epoch identifies the numbering; changes when numbers start again at 1
     * @param lastSeq last assigned sequence number, 0 if none
     */
    public record StreamState(UUID epoch, long lastSeq) {}

    /**
     * Read state of a user.
     *
     * @param ackedSeq highest acknowledged sequence number, 0 if none
     * @param lastSeq last assigned sequence number, 0 if none
     * @param unreadCount number of unread notifications among the latest 1000
     */
    public record UnreadState(long ackedSeq, long lastSeq, long unreadCount) {}

    /**
     * Result of an acknowledgement.
     *
     * @param ackedSeq acknowledged sequence number of the subscriber if the request named one, else of the user
     * @param lastSeq last assigned sequence number of the user
     * @param accepted false if the user already has the maximum number of subscribers; nothing was changed then
     */
    public record AckResult(long ackedSeq, long lastSeq, boolean accepted) {}

    /** Identifies a subscriber of a user; {@code subscriber} is a valid {@link SubscriberName}. */
    public record SubscriberId(String user, String subscriber) {}

    /**
     * Fetches notifications of several users by one statement.
     *
     * @param positions sequence number after which to read, by user
     * @param limit maximum number of notifications per user
     * @return notifications by user, oldest first; users without any are missing
     */
    public Future<Map<String, List<Notification>>> fetchAfter(Map<String, Long> positions, int limit) {
        return database.pool()
                .preparedQuery(NotificationSql.SELECT_AFTER)
                .execute(Tuple.of(
                        positions.keySet().toArray(String[]::new),
                        positions.values().toArray(Long[]::new),
                        limit))
                .map(rows ->
                        rows.stream().map(NotificationStore::toNotification).collect(groupingBy(Notification::userId)));
    }

    /**
     * Finds the stream state of these users and creates missing streams. The result lacks a user whose stream another transaction
     * created at the same time; {@link #findStreams} finds it.
     */
    public Future<Map<String, StreamState>> findOrCreateStreams(Collection<String> users) {
        return queryStreams(NotificationSql.SELECT_OR_CREATE_STREAMS, users);
    }

    /** Finds the stream state of these users; users without a stream are missing. {@code ackedSeq} is 0. */
    public Future<Map<String, StreamState>> findStreams(Collection<String> users) {
        return queryStreams(NotificationSql.SELECT_STREAMS, users);
    }

    private Future<Map<String, StreamState>> queryStreams(String sql, Collection<String> users) {
        return database.pool()
                .preparedQuery(sql)
                .execute(Tuple.of(users.toArray(String[]::new)))
                .map(rows -> rows.stream()
                        .collect(toMap(
                                row -> row.getString("user_id"),
                                row -> new StreamState(row.getUUID("epoch"), row.getLong("last_seq")))));
    }

    /** Finds the acknowledged sequence numbers of these subscribers; subscribers that never acknowledged are missing. */
    public Future<Map<SubscriberId, Long>> findSubscriberCursors(Collection<SubscriberId> subscribers) {
        return database.pool()
                .preparedQuery(NotificationSql.SELECT_SUBSCRIBER_CURSORS)
                .execute(Tuple.tuple()
                        .addArrayOfString(
                                subscribers.stream().map(SubscriberId::user).toArray(String[]::new))
                        .addArrayOfString(subscribers.stream()
                                .map(SubscriberId::subscriber)
                                .toArray(String[]::new)))
                .map(rows -> rows.stream()
                        .collect(toMap(
                                row -> new SubscriberId(row.getString("user_id"), row.getString("subscriber")),
                                row -> row.getLong("acked_seq"))));
    }

    /** Finds the read state of these users; users without a stream are missing. */
    public Future<Map<String, UnreadState>> findUnreadStates(Collection<String> users) {
        return database.pool()
                .preparedQuery(NotificationSql.SELECT_UNREAD_STATES)
                .execute(Tuple.of(users.toArray(String[]::new)))
                .map(rows -> rows.stream()
                        .collect(toMap(
                                row -> row.getString("user_id"),
                                row -> new UnreadState(
                                        row.getLong("acked_seq"), row.getLong("last_seq"), row.getLong("unread")))));
    }

    /** Lists up to {@code limit} notifications of a user after the sequence number {@code after}, oldest first. */
    public Future<List<Notification>> list(String user, long after, int limit) {
        return database.pool()
                .preparedQuery(NotificationSql.SELECT_PAGE)
                .execute(Tuple.of(user, after, limit))
                .map(NotificationStore::toNotifications);
    }

    /**
     * Acknowledges all notifications of a user up to {@code seq}.
     *
     * @param subscriber subscriber whose cursor also moves; may be null
     * @return empty if {@code seq} is above the last assigned number
     */
    public Future<Optional<AckResult>> acknowledge(String user, long seq, String subscriber) {
        return database.pool()
                .preparedQuery(NotificationSql.ACKNOWLEDGE)
                .execute(Tuple.of(user, seq, subscriber, MAX_SUBSCRIBERS))
                .map(rows -> rows.stream()
                        .findFirst()
                        .map(row -> new AckResult(row.getLong("acked"), row.getLong("top"), row.getBoolean("room"))));
    }

    /** Marks a notification as read; empty if the user has no such notification. */
    public Future<Optional<Notification>> markRead(String user, UUID id) {
        return database.pool()
                .preparedQuery(NotificationSql.MARK_READ)
                .execute(Tuple.of(user, NotificationId.seqOf(id), id))
                .map(rows -> rows.stream().findFirst().map(NotificationStore::toNotification));
    }

    static List<Notification> toNotifications(RowSet<Row> rows) {
        return rows.stream().map(NotificationStore::toNotification).toList();
    }

    /** Returns a notification from a row with all columns of the table. */
    public static Notification toNotification(Row row) {
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
}
