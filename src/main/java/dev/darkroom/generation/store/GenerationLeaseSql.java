package dev.darkroom.generation.store;

import dev.darkroom.queue.LeasedQueueSql;
import dev.darkroom.usage.BudgetSql;
import java.util.List;

/**
 * SQL of claims and leases. Every change of a lease compares its owner and token (fencing). An outdated claim
 * changes no row and returns an empty result. Timestamps come from the database clock; parameters carry only durations.
 */
final class GenerationLeaseSql {

    /** SQL fragments shared by every leased queue. */
    static final LeasedQueueSql QUEUE = new LeasedQueueSql(
            "generation_queue",
            "generation_id",
            List.of(
                    "attempt_backend",
                    "attempt_selection",
                    "job_percent",
                    "job_queue_position",
                    "attempt_cost",
                    "reserved_budgets"));

    /** Columns of a claimed row {@code c} and its generation {@code g}. */
    private static final String CLAIMED_COLUMNS = """
            c.generation_id, c.user_id, c.route, c.priority, c.lease_owner, c.lease_token, c.counted_failures, c.lost_attempts,
              c.attempt_backend, c.attempt_selection, c.job_token, c.provider_job_id, c.job_api_key,
              (extract(epoch FROM c.attempt_deadline - now()) * 1000)::bigint AS attempt_budget,
              (extract(epoch FROM c.deadline - now()) * 1000)::bigint AS time_left,
              g.failed_attempts, g.prompt, g.negative_prompt, g.width, g.height, g.image_count, g.seed, g.model, g.parameters,
              g.input_images, g.traceparent, g.tracestate,
              (extract(epoch FROM now() - c.run_at) * 1000)::bigint AS waited""";

    /**
     * Claims due generations for a live node: users in the order of their turns, and of each user the generations with the highest
     * priority. When such a generation does not hold the turn, it swaps turns with the one that does, so that a priority never delays
     * another user. Two nodes cannot claim the same generation: it is one row, the claim locks it, and PostgreSQL checks the condition that
     * there is no lease again on the locked version. The UPDATE of the locked rows sets the owner and increments the token ({@link
     * LeasedQueueSql#ASSIGN_LEASE}). SKIP LOCKED keeps concurrent claims from blocking each other. The materialized lists keep the planner
     * from claiming more than the limit. An expired or draining node claims nothing, even if its own clock says that its identity is valid.
     *
     * <p>A planner that expects an empty queue would read all waiting rows to find a few of them, and it expects one until the next
     * autovacuum. Therefore rows are found by {@code = ANY} of their keys, which every plan looks up in the primary key, and the index of
     * deadlines does not fit the condition on the deadline.
     *
     * <p>Each route has slots, which name the backends of its generations in turn. Together the routes may have more slots than a backend
     * has permits; a generation beyond them is not claimed. After an attempt that failed at the backend of its slot, a generation goes to the
     * alternative of the slot. With an unresolved submission, it goes back to the backend of the submission, to look it up,
     * and is not claimed while that backend cannot be reached, unless submissions there are given up. {@code more} is true when
     * further generations may be due.
     */
    static final String CLAIM =
            """
            WITH backends AS MATERIALIZED (
              SELECT * FROM unnest($7::text[], $8::int[], $9::bigint[], $10::bool[], $11::bool[])
                AS b (name, permits, timeout, look_up, given_up)),
            slots AS MATERIALIZED (
              SELECT s.*, row_number() OVER (PARTITION BY route ORDER BY n) AS place
              FROM unnest($3::text[], $4::text[], $5::text[], $6::text[]) WITH ORDINALITY
                AS s (route, backend, alternative, selection, n)),
            candidates AS MATERIALIZED (
              SELECT c.*, row_number() OVER (PARTITION BY c.route ORDER BY c.turn, c.arrival_seq) AS place
              FROM (SELECT route, count(*) AS places FROM slots GROUP BY route) r
              CROSS JOIN LATERAL (
                SELECT generation_id, user_id, route, turn, arrival_seq FROM generation_queue q
                WHERE q.route = r.route AND lease_owner IS NULL AND run_at <= now() AND deadline - now() > interval '0'
                  AND (job_backend IS NULL OR EXISTS (
                    SELECT FROM backends b WHERE b.name = q.job_backend AND (b.look_up OR b.given_up)))
                  AND %s
                ORDER BY turn, arrival_seq LIMIT r.places
                FOR UPDATE SKIP LOCKED) c),
            turns AS MATERIALIZED (
              SELECT * FROM (
                SELECT c.*, s.backend, s.alternative, s.selection, b.permits,
                  row_number() OVER (PARTITION BY s.backend ORDER BY c.turn, c.arrival_seq) AS rank
                FROM candidates c JOIN slots s USING (route, place) JOIN backends b ON b.name = s.backend) ranked
              WHERE rank <= permits
              ORDER BY turn, arrival_seq LIMIT $2),
            picked AS MATERIALIZED (
              SELECT own.*, row_number() OVER (PARTITION BY own.route ORDER BY own.turn, own.arrival_seq) AS place
              FROM (SELECT user_id, route, count(*) AS turns FROM turns GROUP BY user_id, route) u
              CROSS JOIN LATERAL (
                SELECT generation_id, user_id, route, turn, arrival_seq, failed_backend, job_backend FROM generation_queue q
                WHERE q.user_id = u.user_id AND q.route = u.route AND q.lease_owner IS NULL AND q.run_at <= now()
                  AND q.deadline - now() > interval '0'
                  AND (job_backend IS NULL OR EXISTS (
                    SELECT FROM backends b WHERE b.name = q.job_backend AND (b.look_up OR b.given_up)))
                ORDER BY q.priority, q.run_at, q.arrival_seq LIMIT u.turns
                FOR UPDATE SKIP LOCKED) own),
            passed_over AS (
              UPDATE generation_queue q SET turn = given.turn
              FROM (SELECT generation_id, user_id, route,
                      row_number() OVER (PARTITION BY user_id, route ORDER BY turn, arrival_seq) AS n
                    FROM turns WHERE generation_id NOT IN (SELECT generation_id FROM picked)) had
              JOIN (SELECT turn, user_id, route,
                      row_number() OVER (PARTITION BY user_id, route ORDER BY turn, arrival_seq) AS n
                    FROM picked WHERE generation_id NOT IN (SELECT generation_id FROM turns)) given
                USING (user_id, route, n)
              WHERE q.generation_id = had.generation_id AND q.generation_id = ANY (ARRAY(SELECT generation_id FROM turns))),
            claimed AS (
              UPDATE generation_queue q SET %s,
                attempt_backend = coalesce(j.name, f.name, s.backend),
                attempt_selection = CASE WHEN j.name IS NOT NULL THEN 'LOOK_UP' WHEN p.failed_backend <> coalesce(f.name, s.backend) THEN 'FAILOVER'
                  ELSE s.selection END,
                job_backend = j.name, job_token = CASE WHEN j.name IS NOT NULL THEN q.job_token END,
                provider_job_id = CASE WHEN j.name IS NOT NULL THEN q.provider_job_id END,
                job_api_key = CASE WHEN j.name IS NOT NULL THEN q.job_api_key END,
                attempt_deadline = least(now() + coalesce(j.timeout, f.timeout, b.timeout) * interval '1 millisecond', q.deadline)
              FROM picked p
                JOIN (SELECT t.*, row_number() OVER (PARTITION BY route ORDER BY turn, arrival_seq) AS nth FROM turns t) s
                  ON s.route = p.route AND s.nth = p.place
                JOIN backends b ON b.name = s.backend
                LEFT JOIN backends j ON j.name = p.job_backend AND j.look_up
                LEFT JOIN backends f ON f.name = s.alternative AND p.failed_backend = s.backend
              WHERE q.generation_id = p.generation_id AND q.generation_id = ANY (ARRAY(SELECT generation_id FROM picked))
              RETURNING q.*)
            SELECT %s,
              (SELECT count(*) FROM candidates) > (SELECT count(*) FROM turns)
                OR EXISTS (SELECT FROM candidates n JOIN slots s USING (route, place)
                  WHERE n.place = (SELECT max(m.place) FROM slots m WHERE m.route = n.route)) AS more
            FROM claimed c JOIN generations g ON g.id = c.generation_id AND g.id = ANY (ARRAY(SELECT generation_id FROM picked))
            ORDER BY c.turn, c.arrival_seq""".formatted(LeasedQueueSql.NODE_IS_ALIVE, LeasedQueueSql.ASSIGN_LEASE, CLAIMED_COLUMNS);

    /**
     * Claims due generations with an unresolved submission at one of some backends, to look it up there. For backends that accept no
     * submissions, so that {@link #CLAIM} offers none of them. Safe against concurrent claims for the same reasons.
     */
    static final String CLAIM_LOOK_UPS =
            """
            WITH picked AS MATERIALIZED (
              SELECT generation_id, timeout FROM generation_queue q
                JOIN unnest($3::text[], $4::bigint[]) AS b (name, timeout) ON b.name = q.job_backend
              WHERE q.job_backend IS NOT NULL AND q.lease_owner IS NULL AND q.run_at <= now() AND q.deadline - now() > interval '0'
                AND %s
              ORDER BY q.run_at LIMIT $2
              FOR UPDATE OF q SKIP LOCKED),
            claimed AS (
              UPDATE generation_queue q SET %s, attempt_backend = q.job_backend, attempt_selection = 'LOOK_UP',
                attempt_deadline = least(now() + p.timeout * interval '1 millisecond', q.deadline)
              FROM picked p
              WHERE q.generation_id = p.generation_id AND q.generation_id = ANY (ARRAY(SELECT generation_id FROM picked))
              RETURNING q.*)
            SELECT %s
            FROM claimed c JOIN generations g ON g.id = c.generation_id AND g.id = ANY (ARRAY(SELECT generation_id FROM picked))
            """.formatted(LeasedQueueSql.NODE_IS_ALIVE, LeasedQueueSql.ASSIGN_LEASE, CLAIMED_COLUMNS);

    /**
     * Extends the deadline of an attempt to that of the generation, for images that wait for the image store. Fenced by the condition on
     * the lease.
     */
    static final String EXTEND_ATTEMPT = "UPDATE generation_queue SET attempt_deadline = deadline WHERE "
            + QUEUE.tokenCondition() + " RETURNING generation_id";

    /** Returns the attempts of a node for erased generations, except those with a stored end. */
    static final String FIND_ERASED_ATTEMPTS =
            "SELECT generation_id, node_id, lease_token FROM erased_attempts WHERE node_id = $1 AND NOT ended";

    /** Stores that attempts of erased generations have ended, so that their process writes no more files. Idempotent. */
    static final String MARK_ERASED_ATTEMPTS_ENDED = """
            UPDATE erased_attempts e SET ended = true FROM unnest($2::uuid[], $3::bigint[]) AS done (generation_id, token)
            WHERE e.node_id = $1 AND e.generation_id = done.generation_id AND e.lease_token = done.token""";

    /** Stores the id that the AI server assigned to the job of a lease. Fenced. */
    static final String STORE_PROVIDER_JOB_ID = "UPDATE generation_queue SET provider_job_id = $4 WHERE "
            + QUEUE.tokenCondition() + " RETURNING generation_id";

    /** Stores the name of the API key of the next submission of a lease, and forgets the id of an earlier one. Fenced. */
    static final String STORE_API_KEY = "UPDATE generation_queue SET job_api_key = $4, provider_job_id = NULL WHERE "
            + QUEUE.tokenCondition() + " RETURNING generation_id";

    /** Stores that the attempt of a lease makes a submission, so that it counts as one when its process dies. Fenced. */
    static final String STORE_SELECTION = "UPDATE generation_queue SET attempt_selection = $4 WHERE "
            + QUEUE.tokenCondition() + " RETURNING generation_id";

    /** Stores another AI server for the submission of a lease, before anything was submitted. Fenced. */
    static final String MOVE =
            "UPDATE generation_queue SET attempt_backend = $4, attempt_selection = $5, provider_job_id = NULL,"
                    + " job_api_key = NULL WHERE " + QUEUE.tokenCondition() + " RETURNING generation_id";

    /** Stores the progress of the job of a lease. Fenced. */
    static final String STORE_PROGRESS = "UPDATE generation_queue SET job_percent = $4, job_queue_position = $5 WHERE "
            + QUEUE.tokenCondition() + " RETURNING generation_id";

    /** Stores the expected cost of the submission of a lease. Fenced. */
    static final String STORE_EXPECTED_COST = "UPDATE generation_queue SET attempt_cost = $4 WHERE "
            + QUEUE.tokenCondition() + " RETURNING generation_id";

    /**
     * Releases a lease that its process does not know. One with an expected cost is kept until the reaper records its attempt, since its
     * submission may have been made. Fenced.
     */
    static final String RELEASE_ORPHAN = "UPDATE generation_queue SET " + QUEUE.clearLease() + " WHERE "
            + QUEUE.tokenCondition() + " AND attempt_cost IS NULL RETURNING generation_id";

    /**
     * Releases a lease without an attempt, and its reservation. When $4 is true, also forgets the submission that was looked up and not
     * found. The row keeps its place in the queue, or is due after $5 milliseconds. Fenced: a lost lease releases nothing.
     */
    static final String RELEASE =
            """
            WITH held AS MATERIALIZED (
              SELECT * FROM generation_queue WHERE %s FOR UPDATE),
            %s
            UPDATE generation_queue q SET %s,
              run_at = CASE WHEN $5::bigint = 0 THEN q.run_at ELSE now() + $5 * interval '1 millisecond' END,
              job_backend = CASE WHEN $4 THEN NULL ELSE q.job_backend END, job_token = CASE WHEN $4 THEN NULL ELSE q.job_token END,
              provider_job_id = CASE WHEN $4 THEN NULL ELSE q.provider_job_id END,
              job_api_key = CASE WHEN $4 THEN NULL ELSE q.job_api_key END
            FROM held h WHERE q.generation_id = h.generation_id
            RETURNING q.generation_id""".formatted(QUEUE.tokenCondition(), BudgetSql.settle("0", "held"), QUEUE.clearLease());

    /** Returns abandoned leases with the data that decides about a retry. Read-only; the statements that follow are fenced. */
    static final String FIND_ABANDONED =
            QUEUE.findAbandonedStatement("""
            q.user_id, q.route, q.counted_failures, q.lost_attempts, q.attempt_backend, q.attempt_selection, q.job_token,
              q.provider_job_id, q.attempt_cost, q.job_api_key,
              (extract(epoch FROM q.deadline - now()) * 1000)::bigint AS time_left, g.failed_attempts, g.traceparent, g.tracestate,
              (extract(epoch FROM now() - q.attempt_started_at) * 1000)::bigint AS attempt_age""", "JOIN generations g ON g.id = q.generation_id");

    /**
     * Adjusts the timestamps after a database clock step, see {@link LeasedQueueSql#shiftTimesStatement}. Limits a deadline to $3
     * milliseconds from now, as for a new generation.
     */
    static final String SHIFT_TIMES =
            QUEUE.shiftTimesStatement(", deadline = least(deadline + greatest($1, 0) * interval '1 millisecond',"
                    + " greatest(CASE WHEN $1 > 0 THEN deadline END, now() + $3::bigint * interval '1 millisecond'))");

    /**
     * Returns waiting generations past their deadline. Read-only; {@link GenerationOutcomeSql#EXPIRE} checks again. Repeats the conditions of the index, which
     * no other statement does.
     */
    static final String FIND_OVERDUE = """
            SELECT generation_id FROM generation_queue
            WHERE deadline <= now() AND lease_owner IS NULL AND deadline > '-infinity'
            ORDER BY deadline LIMIT $1""";

    private GenerationLeaseSql() {}
}
