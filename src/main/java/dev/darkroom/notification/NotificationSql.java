package dev.darkroom.notification;

/** The statements on notifications. Each names its user, who is the caller's and never what a request says. */
final class NotificationSql {

    /**
     * Writes notifications, as many as the JSON array holds, and gives them their numbers. The upsert locks each user's row until
     * the transaction ends: a number is taken only when those before it have been committed or given back, so there is no gap and
     * nobody sees n without all before it. Users are locked in one order everywhere, so that two transactions do not wait for each
     * other. It should be the last statement before the commit, for others of the same user wait for that.
     */
    static final String INSERT_NOTIFICATIONS = """
            WITH given AS MATERIALIZED (
              SELECT * FROM jsonb_to_recordset($1::jsonb) AS j (n int, id uuid, user_id text, type text, generation_id uuid,
                data jsonb)),
            counted AS MATERIALIZED (
              SELECT user_id, count(*) AS more FROM given GROUP BY user_id),
            streams AS (
              INSERT INTO user_streams AS s (user_id, top_seq) SELECT user_id, more FROM counted ORDER BY user_id
              ON CONFLICT (user_id) DO UPDATE SET top_seq = s.top_seq + excluded.top_seq
              RETURNING user_id, top_seq)
            INSERT INTO notifications (user_id, seq, id, type, generation_id, data)
            SELECT g.user_id, s.top_seq - c.more + row_number() OVER (PARTITION BY g.user_id ORDER BY g.n), g.id, g.type,
              g.generation_id, g.data
            FROM given g JOIN counted c ON c.user_id = g.user_id JOIN streams s ON s.user_id = g.user_id
            RETURNING user_id, seq, id, type, generation_id, data, read_at, created_at""";

    private static final String COLUMNS =
            "n.user_id, n.seq, n.id, n.type, n.generation_id, n.data, n.read_at, n.created_at";

    /** For many users at once: what each has after a number, at most so many. One statement serves all who listen on a node. */
    static final String SELECT_AFTER = """
            SELECT %s FROM unnest($1::text[], $2::bigint[]) AS w (user_id, after)
              CROSS JOIN LATERAL (
                SELECT * FROM notifications m WHERE m.user_id = w.user_id AND m.seq > w.after ORDER BY m.seq LIMIT $3) n
            ORDER BY n.user_id, n.seq""".formatted(COLUMNS);

    /**
     * How the streams of these users stand, one row for each. Who was never told anything has one from now on: without an epoch
     * there is no cursor. Of two who make it at the same moment one gets no row, and asks again.
     */
    static final String SELECT_OR_CREATE_STREAMS = """
            WITH wanted AS MATERIALIZED (
              SELECT DISTINCT user_id FROM unnest($1::text[]) AS w (user_id)),
            made AS (
              INSERT INTO user_streams (user_id)
              SELECT user_id FROM wanted w WHERE NOT EXISTS (SELECT FROM user_streams s WHERE s.user_id = w.user_id)
              ORDER BY user_id
              ON CONFLICT (user_id) DO NOTHING
              RETURNING user_id, epoch, top_seq, acked_seq)
            SELECT s.user_id, s.epoch, s.top_seq, s.acked_seq FROM user_streams s JOIN wanted USING (user_id)
            UNION ALL SELECT * FROM made""";

    /** Up to where devices have acknowledged, where they ever have. */
    static final String SELECT_SUBSCRIBER_CURSORS = """
            SELECT c.user_id, c.subscriber, c.acked_seq FROM subscriber_cursors c
            JOIN unnest($1::text[], $2::text[]) AS w (user_id, subscriber) USING (user_id, subscriber)""";

    /** How the streams of these users stand, to be asked again and again. */
    static final String SELECT_STREAMS =
            "SELECT user_id, epoch, top_seq FROM user_streams WHERE user_id = ANY ($1::text[])";

    private static final String UNREAD_COUNT = """
            (SELECT count(*) FROM (
              SELECT read_at FROM notifications u WHERE u.user_id = %s ORDER BY u.seq DESC LIMIT 1000) newest
            WHERE newest.read_at IS NULL)""";

    /** What badges show: up to where was acknowledged, and how many of the last thousand were not read. */
    static final String SELECT_UNREAD_STATES =
            "SELECT s.user_id, s.acked_seq, s.top_seq, " + UNREAD_COUNT.formatted("s.user_id") + """
             AS unread
            FROM user_streams s WHERE s.user_id = ANY ($1::text[])""";

    /** A page of a user's, the oldest first. */
    static final String SELECT_PAGE = "SELECT " + COLUMNS + """

            FROM notifications n WHERE n.user_id = $1 AND n.seq > $2 ORDER BY n.seq LIMIT $3""";

    /**
     * Moves a user's cursor, and a device's where $3 names one, up to a number, never back; no row when that number was not given
     * out yet, and {@code room} false when the user has too many devices. The row of the user is locked, so that no check of another
     * is older than this.
     */
    static final String ACKNOWLEDGE = """
            WITH stream AS MATERIALIZED (
              SELECT user_id FROM user_streams WHERE user_id = $1 AND top_seq >= $2 FOR UPDATE),
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
            RETURNING coalesce((SELECT acked_seq FROM device), s.acked_seq) AS acked, s.top_seq AS top, room""";

    /** The person has opened it. The first time stays. */
    static final String MARK_READ =
            "UPDATE notifications n SET read_at = coalesce(n.read_at, now()) WHERE n.id = $1 AND n.user_id = $2 RETURNING "
                    + COLUMNS;

    /** Devices that were not heard of for so many milliseconds. */
    static final String DELETE_EXPIRED_SUBSCRIBERS =
            "DELETE FROM subscriber_cursors WHERE updated_at < now() - $1::bigint * interval '1 millisecond'";

    private NotificationSql() {}
}
