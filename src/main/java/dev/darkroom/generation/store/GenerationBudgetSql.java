package dev.darkroom.generation.store;

import dev.darkroom.usage.BudgetSql;

/** SQL that reserves budgets for submissions. */
final class GenerationBudgetSql {
    /** Budgets of the arrays from $%d: scopes, owners, periods and limits. */
    private static final String WANTED = """
            unnest($%d::text[], $%d::text[], $%d::text[], $%d::bigint[]) WITH ORDINALITY AS w (scope, owner, period, limit_micros, n)""";

    private static final String PERIOD_OF =
            "CASE w.period WHEN 'DAY' THEN %1$s ELSE date_trunc('month', %1$s::timestamp)::date END";

    /** End of a period, with its first day and its length. */
    private static final String RESETS_AT =
            "(%s + CASE %s WHEN 'DAY' THEN interval '1 day' ELSE interval '1 month' END) AT TIME ZONE 'UTC'";

    /** The lease $1, $2, $3, with the day in UTC on which its attempt started, and its budgets. */
    private static final String HELD = """
            WITH held AS MATERIALIZED (
              SELECT generation_id, attempt_cost, (attempt_started_at AT TIME ZONE 'UTC')::date AS day FROM generation_queue WHERE %s
              FOR UPDATE),
            wanted AS MATERIALIZED (
              SELECT w.*, %s AS starts_on FROM held h CROSS JOIN %s WHERE h.attempt_cost IS NULL)
            """.formatted(
            GenerationLeaseSql.QUEUE.tokenCondition(), PERIOD_OF.formatted("h.day"), WANTED.formatted(5, 6, 7, 8));

    /**
     * Reserves the expected cost $4 of a submission on all of its budgets, or on none. The rows of the budgets are locked in the order of their
     * ids, and a lock returns the committed amounts, so that concurrent reservations of any process never exceed a limit together. The
     * period is that of the start of the attempt, as for its usage. A repetition, after a lost response, changes nothing.
     */
    static final String RESERVE = HELD + """
            , locked AS MATERIALIZED (
              SELECT b.id, b.spent_micros, b.reserved_micros, w.limit_micros, w.n, w.period, w.starts_on
              FROM budgets b JOIN wanted w ON w.scope = b.scope AND w.owner = b.owner AND w.period = b.period AND w.starts_on = b.starts_on
              ORDER BY b.id FOR UPDATE OF b),
            exceeded AS MATERIALIZED (
              SELECT * FROM locked WHERE spent_micros + reserved_micros + greatest($4::bigint, 1) > limit_micros),
            decision AS MATERIALIZED (
              SELECT (SELECT count(*) FROM wanted) = (SELECT count(*) FROM locked) AND NOT EXISTS (SELECT FROM exceeded) AS permitted),
            reserved AS (
              UPDATE budgets b SET reserved_micros = b.reserved_micros + $4::bigint
              FROM locked l, decision d WHERE b.id = l.id AND d.permitted),
            stored AS (
              UPDATE generation_queue q SET attempt_cost = $4::bigint, reserved_budgets = (SELECT array_agg(id ORDER BY id) FROM locked)
              FROM held h, decision d WHERE q.generation_id = h.generation_id AND h.attempt_cost IS NULL AND d.permitted)
            SELECT (SELECT count(*) FROM held) > 0 AS held, d.permitted,
              (SELECT count(*) FROM wanted) > (SELECT count(*) FROM locked) AS missing,
              e.n, e.spent_micros, e.reserved_micros, p.resets_at, ceil(extract(epoch FROM p.resets_at - now()))::bigint AS resets_in
            FROM decision d LEFT JOIN exceeded e ON true CROSS JOIN LATERAL (SELECT %s AS resets_at) p ORDER BY e.n LIMIT 1""".formatted(RESETS_AT.formatted("e.starts_on", "e.period"));

    /** Inserts the missing rows of budgets, before a repetition of {@link #RESERVE}. Concurrent inserts of the same row are one. */
    static final String CREATE = HELD + """
            INSERT INTO budgets (scope, owner, period, starts_on)
            SELECT scope, owner, period, starts_on FROM wanted WHERE $4::bigint IS NOT NULL ORDER BY scope, owner, period
            ON CONFLICT DO NOTHING""";

    /** Returns the current amounts of the budgets in the arrays $1 to $4, and the end of their period. Read-only. */
    static final String FIND = """
            SELECT coalesce(b.spent_micros, 0) AS spent_micros, coalesce(b.reserved_micros, 0) AS reserved_micros, p.resets_at,
              ceil(extract(epoch FROM p.resets_at - now()))::bigint AS resets_in
            FROM %1$s
              CROSS JOIN LATERAL (SELECT %2$s AS starts_on) s
              CROSS JOIN LATERAL (SELECT %3$s AS resets_at) p
              LEFT JOIN budgets b ON b.scope = w.scope AND b.owner = w.owner AND b.period = w.period AND b.starts_on = s.starts_on
            ORDER BY w.n""".formatted(
                    WANTED.formatted(1, 2, 3, 4),
                    PERIOD_OF.formatted("(now() AT TIME ZONE 'UTC')::date"),
                    RESETS_AT.formatted("s.starts_on", "w.period"));

    /** Settles the reservations of completed attempts: budget ids, reserved amounts and costs, in the transaction that ends them. */
    static final String SETTLE = """
            WITH ended AS (
              SELECT ARRAY[e.id] AS reserved_budgets, e.attempt_cost, e.cost
              FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS e (id, attempt_cost, cost)),
            %s
            SELECT 1""".formatted(BudgetSql.settle("cost", "ended"));

    private GenerationBudgetSql() {}
}
