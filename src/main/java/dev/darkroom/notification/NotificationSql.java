package dev.darkroom.notification;

/** SQL of notifications. Every statement filters by user; the user id comes from the authenticated principal, never from the request. */
final class NotificationSql {

    /**
     * Inserts the notifications in the arrays and assigns their sequence numbers. The update locks the row of each user until the
     * transaction ends. So a number is assigned only after all lower numbers were committed or rolled back: there are no gaps, and a
     * reader that sees n sees all numbers below n. If one of the users has no row yet, all rows are written by an upsert instead, which
     * writes one record of the WAL more for each. Either way the users are sorted, so that transactions lock their rows in the same order
     * and do not deadlock. Run it last before the commit, because other transactions of the same user wait
     * for the lock.
     *
     * <p>The last 8 digits of each id become the sequence number, see {@link NotificationId}. Needs further columns of the result, with
     * a leading comma; they may use the columns of {@code n}.
     */
    static final String INSERT_NOTIFICATIONS = """
            WITH given AS MATERIALIZED (
              SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[]) WITH ORDINALITY
                AS j (id, user_id, type, generation_id, data, ordinal)),
            counted AS MATERIALIZED (
              SELECT user_id, count(*) AS more FROM given GROUP BY user_id ORDER BY user_id),
            old_streams AS (
              UPDATE user_streams s SET last_seq = s.last_seq + c.more FROM counted c
              WHERE s.user_id = c.user_id
                AND (SELECT count(*) FROM counted) = (SELECT count(*) FROM counted k CROSS JOIN LATERAL (
                  SELECT FROM user_streams e WHERE e.user_id = k.user_id LIMIT 1) e)
              RETURNING s.user_id, s.last_seq),
            new_streams AS (
              INSERT INTO user_streams AS s (user_id, last_seq) SELECT user_id, more FROM counted
              WHERE user_id NOT IN (SELECT user_id FROM old_streams) ORDER BY user_id
              ON CONFLICT (user_id) DO UPDATE SET last_seq = s.last_seq + excluded.last_seq
              RETURNING user_id, last_seq),
            n AS MATERIALIZED (
              SELECT g.*, s.last_seq - count(*) OVER (PARTITION BY g.user_id)
                + row_number() OVER (PARTITION BY g.user_id ORDER BY g.ordinal) AS seq, clock_timestamp() AS created_at
              FROM given g JOIN (SELECT * FROM old_streams UNION ALL SELECT * FROM new_streams) s ON s.user_id = g.user_id),
            inserted AS (
              INSERT INTO notifications (user_id, seq, id, type, generation_id, data, created_at)
              SELECT user_id, seq, (left(id::text, 28) || lpad(to_hex(seq), 8, '0'))::uuid, type, generation_id, data::json, created_at
              FROM n)
            SELECT n.ordinal, n.seq, n.created_at%s FROM n""";

    private static final String COLUMNS =
            "n.user_id, n.seq, n.id, n.type, n.generation_id, n.data, n.read_at, n.created_at";

    /** Selects up to {@code $3} notifications after a given sequence number for each of several users. Read only. */
    static final String SELECT_AFTER = """
            SELECT %s FROM unnest($1::text[], $2::bigint[]) AS w (user_id, after)
              CROSS JOIN LATERAL (
                SELECT * FROM notifications m WHERE m.user_id = w.user_id AND m.seq > w.after ORDER BY m.seq LIMIT $3) n
            ORDER BY n.user_id, n.seq""".formatted(COLUMNS);

    /**
     * Selects the stream state of each user and creates missing rows, because a cursor needs an epoch. When two transactions create
     * the same row concurrently, one of them gets no row for that user and must query again.
     */
    static final String SELECT_OR_CREATE_STREAMS = """
            WITH wanted AS MATERIALIZED (
              SELECT DISTINCT user_id FROM unnest($1::text[]) AS w (user_id)),
            made AS (
              INSERT INTO user_streams (user_id)
              SELECT user_id FROM wanted w WHERE NOT EXISTS (SELECT FROM user_streams s WHERE s.user_id = w.user_id)
              ORDER BY user_id
              ON CONFLICT (user_id) DO NOTHING
              RETURNING user_id, epoch, last_seq)
            SELECT s.user_id, s.epoch, s.last_seq FROM user_streams s JOIN wanted USING (user_id)
            UNION ALL SELECT * FROM made""";

    /** Selects the acknowledged sequence numbers of subscribers; no row for a subscriber that never acknowledged. */
    static final String SELECT_SUBSCRIBER_CURSORS = """
            SELECT c.user_id, c.subscriber, c.acked_seq FROM subscriber_cursors c
            JOIN unnest($1::text[], $2::text[]) AS w (user_id, subscriber) USING (user_id, subscriber)""";

    /** Selects the stream state of users; suitable for polling because it writes nothing. */
    static final String SELECT_STREAMS =
            "SELECT user_id, epoch, last_seq FROM user_streams WHERE user_id = ANY ($1::text[])";

    private static final String UNREAD_COUNT = """
            (SELECT count(*) FROM (
              SELECT read_at FROM notifications u WHERE u.user_id = %s ORDER BY u.seq DESC LIMIT 1000) newest
            WHERE newest.read_at IS NULL)""";

    /** Selects the acknowledged sequence number of users and the number of unread ones among their latest 1000 notifications. */
    static final String SELECT_UNREAD_STATES =
            "SELECT s.user_id, s.acked_seq, s.last_seq, " + UNREAD_COUNT.formatted("s.user_id") + """
             AS unread
            FROM user_streams s WHERE s.user_id = ANY ($1::text[])""";

    /** Selects a page of a user's notifications, oldest first. */
    static final String SELECT_PAGE = "SELECT " + COLUMNS + """

            FROM notifications n WHERE n.user_id = $1 AND n.seq > $2 ORDER BY n.seq LIMIT $3""";

    /**
     * Moves the user's cursor forward to {@code $2}, and that of the subscriber {@code $3} unless null. Never moves a cursor back.
     * Returns no row if {@code $2} is above the last assigned number, and {@code room} = false if the user has {@code $4} subscribers
     * already. Locks the user's row, so concurrent acknowledgements cannot exceed the limit together.
     */
    static final String ACKNOWLEDGE = """
            WITH stream AS MATERIALIZED (
              SELECT user_id FROM user_streams WHERE user_id = $1 AND last_seq >= $2 FOR UPDATE),
            room AS MATERIALIZED (
              SELECT $3::text IS NULL OR EXISTS (SELECT FROM subscriber_cursors WHERE user_id = $1 AND subscriber = $3::text)
                OR (SELECT count(*) FROM subscriber_cursors WHERE user_id = $1) < $4 AS room),
            device AS (
              INSERT INTO subscriber_cursors AS c (user_id, subscriber, acked_seq)
              SELECT $1, $3::text, $2 FROM stream, room WHERE $3::text IS NOT NULL AND room
              ON CONFLICT (user_id, subscriber) DO UPDATE
                SET acked_seq = greatest(c.acked_seq, excluded.acked_seq), updated_at = now()
              RETURNING acked_seq)
            UPDATE user_streams s SET acked_seq = CASE WHEN room THEN greatest(s.acked_seq, $2) ELSE s.acked_seq END
            FROM stream, room WHERE s.user_id = stream.user_id
            RETURNING coalesce((SELECT acked_seq FROM device), s.acked_seq) AS acked, s.last_seq AS top, room""";

    /** Marks the notification with the sequence number {@code $2} and the id {@code $3} as read. Repeated calls keep the first time. */
    static final String MARK_READ =
            "UPDATE notifications n SET read_at = coalesce(n.read_at, now()) WHERE n.user_id = $1 AND n.seq = $2 AND n.id = $3 RETURNING "
                    + COLUMNS;

    private NotificationSql() {}
}
