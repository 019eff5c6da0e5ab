package dev.darkroom.generation.store;

import dev.darkroom.usage.BudgetSql;

/**
 * SQL that ends or requeues generations. Every statement compares the owner and the token of the lease that it ends (fencing). An outdated
 * claim changes no row and returns an empty result. Timestamps come from the database clock; parameters carry only durations.
 */
final class GenerationOutcomeSql {

    /**
     * Completes the generations in the arrays and stores their images. Deletes the queue row first, which is fenced and on which all
     * other changes depend: a lost lease changes nothing and is missing in the result. Finds the rows by {@code = ANY} for the reason
     * given at {@link GenerationLeaseSql#CLAIM}.
     */
    static final String COMPLETE = """
            WITH ended AS (
              DELETE FROM generation_queue q
              USING unnest($1::uuid[], $2::uuid[], $3::bigint[], $13::bool[], $14::bigint[], $15::text[])
                AS l (generation_id, owner, token, submitted, cost_micros, cost_source)
              WHERE q.generation_id = l.generation_id AND q.lease_owner = l.owner AND q.lease_token = l.token
                AND q.generation_id = ANY ($1)
              RETURNING q.*, l.submitted, l.cost_micros, l.cost_source),
            generation AS (
              UPDATE generations g SET status = 'COMPLETE', completed_at = now(), updated_at = now()
              FROM ended e WHERE g.id = ANY ($1) AND g.id = e.generation_id AND g.status = 'PENDING'
              RETURNING g.id, g.user_id, g.failed_attempts, g.image_count, g.created_at, g.traceparent, g.tracestate),
            attempt AS (
              INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, selection, api_key, started_at,
                finished_at, outcome, counted, submitted, cost_micros, cost_source)
              SELECT g.id, g.failed_attempts + 1, e.lease_token, e.lease_owner, e.attempt_backend, e.attempt_selection, e.job_api_key, e.attempt_started_at,
                now(), 'SUCCEEDED', true, e.submitted, e.cost_micros, e.cost_source
              FROM ended e JOIN generation g ON g.id = e.generation_id),
            stored_images AS (
              INSERT INTO images (id, generation_id, position, content_type, width, height, bytes, sha256, storage_key)
              SELECT p.id, g.id, p.position, p.content_type, p.width, p.height, p.bytes, p.sha256, p.storage_key
              FROM generation g JOIN unnest($4::uuid[], $5::uuid[], $6::int[], $7::text[], $8::int[], $9::int[], $10::bigint[],
                  $11::text[], $12::text[])
                AS p (generation_id, id, position, content_type, width, height, bytes, sha256, storage_key)
                ON p.generation_id = g.id)
            SELECT g.id, g.user_id, g.failed_attempts, g.image_count, (extract(epoch FROM now() - g.created_at) * 1000)::bigint AS age,
              g.traceparent, g.tracestate, e.reserved_budgets, e.attempt_cost, e.cost_micros
            FROM generation g JOIN ended e ON e.generation_id = g.id""";

    /** Fails a generation after an attempt. Fenced like {@link #COMPLETE}. */
    static final String FAIL =
            """
            WITH ended AS (
              DELETE FROM generation_queue WHERE %s
              RETURNING *),
            generation AS (
              UPDATE generations g SET status = 'FAILED', completed_at = now(), updated_at = now(),
                failed_attempts = g.failed_attempts + 1,
                error_code = $4, error_class = $5, error_message = $6, error_retryable = $7
              FROM ended e WHERE g.id = e.generation_id AND g.status = 'PENDING'
              RETURNING g.id, g.user_id, g.failed_attempts, g.image_count, g.created_at, g.traceparent, g.tracestate),
            attempt AS (
              INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, selection, api_key, started_at,
                finished_at, outcome, counted, error_class, error_code, error_message, http_status, submitted, cost_micros, cost_source)
              SELECT g.id, g.failed_attempts, e.lease_token, e.lease_owner, e.attempt_backend, e.attempt_selection, e.job_api_key, e.attempt_started_at,
                now(), $8, $9, $10, $11, $12, $13, $14, $15, $16
              FROM ended e JOIN generation g ON g.id = e.generation_id),
            %s
            SELECT id, user_id, failed_attempts, image_count, (extract(epoch FROM now() - created_at) * 1000)::bigint AS age,
              traceparent, tracestate
            FROM generation""".formatted(GenerationLeaseSql.QUEUE.tokenCondition(), BudgetSql.settle("$15::bigint", "ended"));

    /**
     * Fails a generation that has no lease and is past its deadline. Its error class is that of its last failure, or NOT_SENT without an
     * attempt. Safe against a concurrent claim by the condition that there is no lease: the first one wins.
     */
    static final String EXPIRE = """
            WITH ended AS (
              DELETE FROM generation_queue WHERE generation_id = $1 AND lease_owner IS NULL AND deadline <= now()
              RETURNING generation_id),
            last_failure AS (
              SELECT error_class FROM generation_attempts WHERE generation_id = $1 ORDER BY number DESC LIMIT 1)
            UPDATE generations g SET status = 'FAILED', completed_at = now(), updated_at = now(), error_code = $2,
              error_class = coalesce((SELECT error_class FROM last_failure), 'NOT_SENT'), error_message = $3,
              error_retryable = $4
            FROM ended e WHERE g.id = e.generation_id AND g.status = 'PENDING'
            RETURNING g.id, g.user_id, g.failed_attempts, g.image_count,
              (extract(epoch FROM now() - g.created_at) * 1000)::bigint AS age, g.traceparent, g.tracestate""";

    /**
     * Cancels a pending generation of a user, or of any user when $2 is null, with or without a running attempt. A running attempt is
     * recorded as INTERRUPTED and loses its lease with the queue row. Of two concurrent ends only one finds the queue row. While the
     * statement waits for the row lock of a claim, its {@code now()} may be older than the start of the attempt: {@code greatest} keeps
     * the end after the start. The process of the attempt knows whether it was submitted; here, every attempt
     * counts as submitted that is no look-up or has an expected cost. Returns the submission that a look-up would have resolved, when no attempt is running.
     */
    static final String CANCEL = """
            WITH ended AS (
              DELETE FROM generation_queue WHERE generation_id = $1 AND ($2::text IS NULL OR user_id = $2)
              RETURNING *, greatest(now(), attempt_started_at) AS ended_at),
            last_failure AS (
              SELECT error_class FROM generation_attempts WHERE generation_id = $1 ORDER BY number DESC LIMIT 1),
            generation AS (
              UPDATE generations g SET status = 'FAILED', completed_at = e.ended_at, updated_at = e.ended_at,
                failed_attempts = g.failed_attempts + CASE WHEN e.lease_owner IS NULL THEN 0 ELSE 1 END,
                error_code = $3, error_message = $4, error_retryable = $5,
                error_class = CASE WHEN e.lease_owner IS NOT NULL THEN 'AMBIGUOUS'
                  ELSE coalesce((SELECT error_class FROM last_failure), 'NOT_SENT') END
              FROM ended e WHERE g.id = e.generation_id AND g.status = 'PENDING'
              RETURNING g.id, g.user_id, g.failed_attempts, g.image_count, g.created_at, g.traceparent, g.tracestate),
            attempt AS (
              INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, selection, api_key, started_at,
                finished_at, outcome, counted, error_class, error_code, error_message, submitted, cost_micros, cost_source)
              SELECT g.id, g.failed_attempts, e.lease_token, e.lease_owner, e.attempt_backend, e.attempt_selection, e.job_api_key, e.attempt_started_at,
                e.ended_at, 'INTERRUPTED', false, 'AMBIGUOUS', $3, $6, e.attempt_selection <> 'LOOK_UP' OR e.attempt_cost IS NOT NULL,
                e.attempt_cost, CASE WHEN e.attempt_cost IS NOT NULL THEN 'CONFIGURED' END
              FROM ended e JOIN generation g ON g.id = e.generation_id WHERE e.lease_owner IS NOT NULL),
            %s
            SELECT g.id, g.user_id, g.failed_attempts, g.image_count, (extract(epoch FROM now() - g.created_at) * 1000)::bigint AS age,
              g.traceparent, g.tracestate, CASE WHEN e.lease_owner IS NULL THEN e.job_backend END AS job_backend, e.job_token, e.provider_job_id, e.job_api_key
            FROM generation g JOIN ended e ON e.generation_id = g.id""".formatted(BudgetSql.settle("attempt_cost", "ended"));

    /**
     * Requeues a generation after an attempt without success, due again after a delay. One statement stores the attempt and the due time,
     * so that a crash leaves both or none. $5 and $6 increase the counters. When $13 is true, the outcome of the submission is unknown, and
     * the row keeps what a look-up needs. Among the generations of its user it is placed behind those
     * that are due already, so that it is not retried repeatedly while they wait, for example when it makes the probes of the circuit
     * breaker fail. Its turn is one of the next. Fenced by the condition on the lease.
     */
    static final String RETRY = """
            WITH held AS (
              SELECT * FROM generation_queue WHERE %s
              FOR UPDATE),
            requeued AS (
              UPDATE generation_queue q SET %s, run_at = now() + $4::bigint * interval '1 millisecond',
                turn = coalesce((SELECT turn + 1 FROM generation_queue w WHERE w.route = q.route AND w.lease_owner IS NULL
                  AND w.run_at <= now() ORDER BY turn LIMIT 1), h.turn),
                counted_failures = q.counted_failures + $5, lost_attempts = q.lost_attempts + $6,
                failed_backend = h.attempt_backend, job_backend = CASE WHEN $13 THEN h.attempt_backend END,
                job_token = CASE WHEN $13 THEN coalesce(h.job_token, h.lease_token) END,
                provider_job_id = CASE WHEN $13 THEN coalesce($14, h.provider_job_id) END,
                job_api_key = CASE WHEN $13 THEN h.job_api_key END
              FROM held h WHERE q.generation_id = h.generation_id
              RETURNING q.run_at),
            generation AS (
              UPDATE generations g SET failed_attempts = g.failed_attempts + 1, updated_at = now()
              FROM held h WHERE g.id = h.generation_id
              RETURNING g.id, g.failed_attempts),
            %s
            INSERT INTO generation_attempts (generation_id, number, lease_token, node_id, backend, selection, api_key, started_at,
              finished_at, outcome, counted, error_class, error_code, error_message, http_status, retry_at,
              submitted, cost_micros, cost_source)
            SELECT g.id, g.failed_attempts, h.lease_token, h.lease_owner, h.attempt_backend, h.attempt_selection, h.job_api_key, h.attempt_started_at,
              now(), $7, $8, $9, $10, $11, $12, r.run_at, $15, $16, $17
            FROM held h, generation g, requeued r
            RETURNING number, retry_at""".formatted(
                    GenerationLeaseSql.QUEUE.tokenCondition(),
                    GenerationLeaseSql.QUEUE.clearLease(),
                    BudgetSql.settle("$16::bigint", "held"));

    /**
     * Returns the attempt of a lease if it is stored with this outcome, after the response to a commit was lost. A reaper stores a
     * different outcome.
     */
    static final String FIND_RECORDED_ATTEMPT = """
            SELECT outcome FROM generation_attempts WHERE generation_id = $1 AND lease_token = $2 AND outcome = $3""";

    /** Returns a generation if it ended with an error code. Read-only; an ended generation does not change. */
    static final String FIND_CANCELLED = "SELECT id FROM generations WHERE id = $1 AND error_code = $2";

    private GenerationOutcomeSql() {}
}
