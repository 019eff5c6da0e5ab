package dev.darkroom.usage;

import dev.darkroom.backend.FailureClass;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** SQL that sums attempts. */
public final class UsageSql {
    private static final String BILLABLE_CLASSES = Stream.of(FailureClass.values())
            .filter(FailureClass::mayBeBilled)
            .map(each -> "'" + each + "'")
            .collect(Collectors.joining(", "));

    /** Sums of attempts, by the names of the columns of {@code usage_days}. Their sources have {@code image_count} of the generation. */
    private static final String SUMS = """
            count(*) AS attempts, count(*) FILTER (WHERE submitted) AS submissions,
              count(*) FILTER (WHERE submitted AND (outcome = 'SUCCEEDED' OR error_class IN (%s))) AS billable,
              count(*) FILTER (WHERE outcome = 'SUCCEEDED') AS successes,
              coalesce(sum(image_count) FILTER (WHERE outcome = 'SUCCEEDED'), 0)::bigint AS images,
              coalesce(sum(cost_micros), 0)::bigint AS cost_micros,
              coalesce(sum(cost_micros) FILTER (WHERE cost_source = 'REPORTED'), 0)::bigint AS reported_micros""".formatted(BILLABLE_CLASSES);

    private static final String SUM_COLUMNS =
            "attempts, submissions, billable, successes, images, cost_micros, reported_micros";

    private static final String DAY = "(started_at AT TIME ZONE 'UTC')::date";

    private static final String ADD_TO_EXISTING = """
            ON CONFLICT (user_id, day, model, backend) DO UPDATE SET attempts = u.attempts + excluded.attempts,
              submissions = u.submissions + excluded.submissions, billable = u.billable + excluded.billable,
              successes = u.successes + excluded.successes, images = u.images + excluded.images,
              cost_micros = u.cost_micros + excluded.cost_micros, reported_micros = u.reported_micros + excluded.reported_micros""";

    /** Columns of a deleted attempt {@code a} for {@link #rollUp}, without those of its generation. */
    public static final String ATTEMPT_COLUMNS =
            "a.started_at, a.backend, a.submitted, a.outcome, a.error_class, a.cost_micros, a.cost_source";

    /**
     * Sums the attempts of a period by user, day, model and backend, and those that were deleted: of the user $1, or of all users when it is
     * null. $2 and $3 are the first and the last day, by default the first of the month and today. Returns no items for a period of more
     * than $4 days, and at most $5. Each row has the period, also without items.
     *
     * <p>A generation ends at most 500 hours after it was accepted, the maximum of {@code generation.deadline}. Its attempts are found by
     * its user and time, or by its id, a UUIDv7. Read-only, one snapshot.
     */
    static final String READ = """
            WITH period AS MATERIALIZED (
              SELECT coalesce($2::date, date_trunc('month', coalesce($3::date::timestamp, now() AT TIME ZONE 'UTC'))::date) AS first,
                coalesce($3::date, (now() AT TIME ZONE 'UTC')::date) AS last),
            bounds AS MATERIALIZED (
              SELECT first, last, first::timestamp AT TIME ZONE 'UTC' AS since, (last + 1)::timestamp AT TIME ZONE 'UTC' AS until
              FROM period WHERE last - first < $4::int),
            attempts AS (
              %s),
            items AS (
              SELECT user_id, day, model, backend, sum(attempts)::bigint AS attempts, sum(submissions)::bigint AS submissions,
                sum(billable)::bigint AS billable, sum(successes)::bigint AS successes, sum(images)::bigint AS images,
                sum(cost_micros)::bigint AS cost_micros, sum(reported_micros)::bigint AS reported_micros
              FROM (
                SELECT user_id, %s AS day, coalesce(model, '') AS model, backend, %s
                FROM attempts GROUP BY 1, 2, 3, 4
                UNION ALL
                SELECT user_id, day, model, backend, %s FROM usage_days
                WHERE ($1::text IS NULL OR user_id = $1) AND day BETWEEN (SELECT first FROM bounds) AND (SELECT last FROM bounds)) parts
              GROUP BY 1, 2, 3, 4
              ORDER BY day, user_id, model, backend LIMIT $5::int)
            SELECT first, last, items.* FROM period LEFT JOIN items ON true ORDER BY day, user_id, model, backend""";

    /** @see #READ */
    static final String READ_USER = read("""
            SELECT g.user_id, g.model, g.image_count, %s
              FROM bounds b CROSS JOIN LATERAL (
                SELECT id, user_id, model, image_count FROM generations
                WHERE user_id = $1 AND created_at >= b.since - interval '500 hours' AND created_at < b.until) g
              JOIN generation_attempts a ON a.generation_id = g.id
              WHERE a.started_at >= b.since AND a.started_at < b.until""");

    /** @see #READ */
    public static final String READ_ALL = read("""
            SELECT g.user_id, g.model, g.image_count, %s
              FROM bounds b CROSS JOIN LATERAL (
                SELECT * FROM generation_attempts
                WHERE generation_id >= rpad(lpad(to_hex((extract(epoch FROM b.since - interval '501 hours') * 1000)::bigint), 12, '0'), 32, '0')::uuid
                  AND generation_id < rpad(lpad(to_hex((extract(epoch FROM b.until + interval '1 hour') * 1000)::bigint), 12, '0'), 32, '0')::uuid
                  AND started_at >= b.since AND started_at < b.until) a
              JOIN generations g ON g.id = a.generation_id""");

    private UsageSql() {}

    private static String read(String attempts) {
        return READ.formatted(attempts.formatted(ATTEMPT_COLUMNS), DAY, SUMS, SUM_COLUMNS);
    }

    /**
     * Returns a statement that adds attempts to {@code usage_days}, for the transaction that deletes them. Rows are locked in one order, so
     * that two transactions do not deadlock.
     *
     * @param user expression of the user
     * @param attempts name of a list with {@link #ATTEMPT_COLUMNS}, {@code model} and {@code image_count} of the generation
     */
    public static String rollUp(String user, String attempts) {
        return """
            INSERT INTO usage_days AS u (user_id, day, model, backend, %s)
              SELECT %s, %s, coalesce(model, ''), backend, %s
              FROM %s GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
              %s""".formatted(SUM_COLUMNS, user, DAY, SUMS, attempts, ADD_TO_EXISTING);
    }

    /** Returns a statement that moves at most {@code $2} rows of the user {@code $1} to those of erased users; column {@code deleted}. */
    public static String anonymize() {
        return """
            WITH own AS (
              DELETE FROM usage_days WHERE user_id = $1 AND (day, model, backend) IN (
                SELECT day, model, backend FROM usage_days WHERE user_id = $1 ORDER BY day, model, backend LIMIT $2)
              RETURNING *),
            moved AS (
              INSERT INTO usage_days AS u (user_id, day, model, backend, %1$s)
              SELECT '', day, model, backend, %1$s FROM own ORDER BY day, model, backend
              %2$s)
            SELECT count(*)::int AS deleted FROM own""".formatted(SUM_COLUMNS, ADD_TO_EXISTING);
    }
}
