package dev.darkroom.notification;

/**
 * Partitions of notifications, one for each week that begins on a Monday at midnight UTC. Whoever comes second leaves the work to the
 * first. Names are made from dates alone.
 */
final class NotificationPartitionSql {
    /** Held until the transaction ends; no correctness rests on it. */
    static final String TRY_LOCK =
            "SELECT pg_try_advisory_xact_lock(hashtextextended('darkroom notification partitions', 0)) AS mine";

    /** Weeks from this one on that have no partition yet, in so many weeks; those for which rows wait elsewhere cannot get one. */
    static final String SELECT_MISSING_WEEKS = """
            SELECT to_char(week, 'YYYYMMDD') AS name, to_char(week, 'YYYY-MM-DD') AS begins,
              to_char(week + interval '7 days', 'YYYY-MM-DD') AS ends
            FROM generate_series(date_trunc('week', now() AT TIME ZONE 'UTC'),
              date_trunc('week', now() AT TIME ZONE 'UTC') + $1::int * interval '7 days', interval '7 days') AS week
            WHERE to_regclass('notifications_' || to_char(week, 'YYYYMMDD')) IS NULL
              AND NOT EXISTS (SELECT FROM notifications_other o
                WHERE o.created_at >= week AT TIME ZONE 'UTC' AND o.created_at < (week + interval '7 days') AT TIME ZONE 'UTC')
            ORDER BY week""";

    /**
     * A partition is made beside and then attached, which lets others go on writing; made in place it would wait for all of them and
     * they for it.
     */
    static final String CREATE_PARTITION = """
            CREATE TABLE notifications_%1$s (LIKE notifications INCLUDING DEFAULTS INCLUDING CONSTRAINTS)""";

    static final String ATTACH_PARTITION = """
            ALTER TABLE notifications ATTACH PARTITION notifications_%1$s
              FOR VALUES FROM ('%2$s 00:00:00+00') TO ('%3$s 00:00:00+00')""";

    /** Partitions all of whose rows are older than so many milliseconds, and until when those rows reach. */
    static final String SELECT_EXPIRED = """
            SELECT name, ends FROM (
              SELECT c.relname AS name,
                (to_date(substr(c.relname, 15), 'YYYYMMDD')::timestamp + interval '7 days') AT TIME ZONE 'UTC' AS ends
              FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = 'notifications'::regclass AND c.relname ~ '^notifications_[0-9]{8}$') p
            WHERE ends < now() - $1::bigint * interval '1 millisecond' ORDER BY ends""";

    static final String DROP_PARTITION = "DROP TABLE %s";

    /** What lies there because its week has no partition. */
    static final String DELETE_EXPIRED_FROM_DEFAULT = """
            WITH old AS (
              DELETE FROM notifications_other WHERE created_at < now() - $1::bigint * interval '1 millisecond' RETURNING created_at)
            SELECT count(*) AS deleted, max(created_at) AS last FROM old""";

    /** From now on it is known that ends before this have lost their notification. */
    static final String UPDATE_COMPLETE_SINCE = """
            UPDATE notifications_complete_since SET since = greatest(since, $1::timestamptz)""";

    private NotificationPartitionSql() {}
}
