package dev.darkroom.maintenance;

/**
 * SQL for the weekly partitions of {@code notifications}. A week begins on Monday at midnight UTC. An advisory lock admits one
 * process at a time; the others skip the run. Partition names contain only the date, so formatting them into SQL is safe.
 */
final class NotificationPartitionSql {
    /** Takes the advisory lock until the transaction ends. Only avoids duplicate work; correctness does not depend on it. */
    static final String TRY_LOCK =
            "SELECT pg_try_advisory_xact_lock(hashtextextended('darkroom notification partitions', 0)) AS mine";

    /**
     * Selects the weeks without a partition from the current week up to {@code $1} weeks ahead. Skips weeks with rows in the default
     * partition, because PostgreSQL rejects attaching a partition for them.
     */
    static final String SELECT_MISSING_WEEKS = """
            SELECT to_char(week, 'YYYYMMDD') AS name, to_char(week, 'YYYY-MM-DD') AS begins,
              to_char(week + interval '7 days', 'YYYY-MM-DD') AS ends
            FROM generate_series(date_trunc('week', now() AT TIME ZONE 'UTC'),
              date_trunc('week', now() AT TIME ZONE 'UTC') + $1::int * interval '7 days', interval '7 days') AS week
            WHERE to_regclass('notifications_' || to_char(week, 'YYYYMMDD')) IS NULL
              AND NOT EXISTS (SELECT FROM notifications_default o
                WHERE o.created_at >= week AT TIME ZONE 'UTC' AND o.created_at < (week + interval '7 days') AT TIME ZONE 'UTC')
            ORDER BY week""";

    /**
     * Creates the partition as a separate table, to be attached afterwards. {@code ATTACH PARTITION} does not block concurrent
     * inserts. {@code CREATE TABLE ... PARTITION OF} would take an exclusive lock on {@code notifications}.
     */
    static final String CREATE_PARTITION = """
            CREATE TABLE notifications_%1$s (LIKE notifications INCLUDING DEFAULTS INCLUDING CONSTRAINTS)""";

    /** Attaches the table that {@link #CREATE_PARTITION} created. */
    static final String ATTACH_PARTITION = """
            ALTER TABLE notifications ATTACH PARTITION notifications_%1$s
              FOR VALUES FROM ('%2$s 00:00:00+00') TO ('%3$s 00:00:00+00')""";

    /** Selects the partitions that ended more than {@code $1} ms ago, with the end of their week. */
    static final String SELECT_EXPIRED = """
            SELECT name, ends FROM (
              SELECT c.relname AS name,
                (to_date(substr(c.relname, 15), 'YYYYMMDD')::timestamp + interval '7 days') AT TIME ZONE 'UTC' AS ends
              FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
              WHERE i.inhparent = 'notifications'::regclass AND c.relname ~ '^notifications_[0-9]{8}$') p
            WHERE ends < now() - $1::bigint * interval '1 millisecond' ORDER BY ends""";

    static final String DROP_PARTITION = "DROP TABLE %s";

    /** Deletes rows older than {@code $1} ms from the default partition, which holds rows of weeks without a partition. */
    static final String DELETE_EXPIRED_FROM_DEFAULT = """
            WITH old AS (
              DELETE FROM notifications_default WHERE created_at < now() - $1::bigint * interval '1 millisecond' RETURNING created_at)
            SELECT count(*) AS deleted, max(created_at) AS last FROM old""";

    /** Moves forward the time before which notifications of generations may have been deleted. Never moves it back. */
    static final String UPDATE_COMPLETE_SINCE = """
            UPDATE notification_history_start SET started_at = greatest(started_at, $1::timestamptz)""";

    private NotificationPartitionSql() {}
}
