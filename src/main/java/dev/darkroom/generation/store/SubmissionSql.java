package dev.darkroom.generation.store;

import dev.darkroom.queue.LeasedQueueSql;

/** SQL of submissions and their limits. Each constant is one statement, hence one transaction and one round trip. */
final class SubmissionSql {
    /** First part of {@link #SUBMIT} and {@link #SUBMIT_PLAIN}: further columns and arrays of the submissions, each with a leading comma. */
    private static final String GIVEN = """
            WITH given AS MATERIALIZED (
              SELECT * FROM unnest($9::uuid[], $10::text[], $11::text[], $12::text[], $13::int[], $14::int[], $15::int[],
                $16::bigint[], $17::text[], $18::text[], $19::text[], $20::int[], $21::text[], $22::text[], $23::text[],
                $24::text[]%s) WITH ORDINALITY
                AS j (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata, parameters, priority, route,
                  input_images, traceparent, tracestate%s, n)),
            has AS MATERIALIZED (
              SELECT u.user_id,
                (SELECT count(*) FROM (SELECT FROM generation_queue q
                   WHERE q.user_id = u.user_id AND q.lease_owner IS NULL LIMIT $3::int) w)
                + CASE WHEN $3::int = 0 THEN 0 ELSE (SELECT count(*) FROM generation_queue q
                   WHERE q.lease_owner IS NOT NULL AND q.user_id = u.user_id) END AS pending,
                (SELECT count(*) FROM (SELECT FROM generations g
                   WHERE g.user_id = u.user_id AND g.created_at > now() - interval '24 hours' LIMIT $4::int) d) AS today
              FROM (SELECT DISTINCT user_id FROM given) u),
            """;

    private static final String WITHIN_LIMITS =
            "($3::int = 0 OR has.pending + g.place <= $3::int) AND ($4::int = 0 OR has.today + g.place <= $4::int)";

    /** Last part of {@link #SUBMIT} and {@link #SUBMIT_PLAIN}: stores and queues the rows of {@code fresh}. */
    private static final String STORE_FRESH = """
            accepted AS (
              INSERT INTO generations
                (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata, parameters, input_images,
                 traceparent, tracestate)
              SELECT id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata::jsonb, parameters::jsonb,
                input_images::jsonb, traceparent, tracestate
              FROM fresh),
            slots AS MATERIALIZED (
              SELECT s.*, row_number() OVER (PARTITION BY route ORDER BY n) AS nth
              FROM unnest($1::text[], $6::text[], $7::text[], $8::bigint[]) WITH ORDINALITY AS s (route, backend, selection, timeout, n)
              WHERE %s),
            served AS MATERIALIZED (
              SELECT r.route, q.turn FROM (SELECT DISTINCT route FROM fresh) r CROSS JOIN LATERAL (
                SELECT turn FROM generation_queue
                WHERE route = r.route AND lease_owner IS NULL AND run_at <= now() ORDER BY turn LIMIT 1) q),
            placed AS MATERIALIZED (
              SELECT g.*, s.backend, s.selection, s.timeout
              FROM (SELECT f.*, row_number() OVER (PARTITION BY route ORDER BY later, n) AS nth
                    FROM (SELECT fresh.*, row_number() OVER (PARTITION BY user_id, route ORDER BY priority, n) - 1 AS later
                          FROM fresh) f) g
                LEFT JOIN slots s ON s.route = g.route AND s.nth = g.nth
                  AND NOT EXISTS (SELECT FROM served v WHERE v.route = g.route)),
            first_turns AS (
              SELECT u.user_id, u.route, greatest(
                coalesce((SELECT max(turn) + 1 FROM generation_queue q
                          WHERE q.user_id = u.user_id AND q.route = u.route AND q.lease_owner IS NULL), 0),
                coalesce(served.turn, (SELECT max(turn) FROM generation_queue WHERE lease_owner IS NOT NULL), 0)) AS turn
              FROM (SELECT DISTINCT user_id, route FROM fresh) u LEFT JOIN served USING (route)),
            queued AS (
              INSERT INTO generation_queue (generation_id, user_id, route, priority, deadline, turn,
                lease_owner, lease_token, attempt_started_at, attempt_backend, attempt_selection, attempt_deadline)
              SELECT p.id, p.user_id, p.route, p.priority, now() + $2::bigint * interval '1 millisecond', t.turn + p.later,
                CASE WHEN p.backend IS NOT NULL THEN $5::uuid END, (p.backend IS NOT NULL)::int,
                CASE WHEN p.backend IS NOT NULL THEN now() END, p.backend, p.selection,
                CASE WHEN p.backend IS NOT NULL THEN now() + least(p.timeout, $2::bigint) * interval '1 millisecond' END
              FROM placed p JOIN first_turns t ON t.user_id = p.user_id AND t.route = p.route
              ORDER BY p.n)
            SELECT n, now() AS now, backend, selection FROM placed""".formatted(LeasedQueueSql.nodeIsAlive("$5::uuid"));

    /**
     * Stores and queues the generations in the arrays, both rows or none: a generation without a queue row would never start. The
     * process chooses the ids, so that a repeated submission of the same id cannot create a second generation. New rows of a user get
     * the turns after the last turn of the user, or from the turn that is served now. So a new user neither waits for the whole queue nor
     * gets the turns that the user did not use before.
     *
     * <p>Each route has as many slots in $1 as generations may be leased to node $5 at once, of users in turn and by priority, so that
     * they start without a claim: only while no other generation of the route is due, which would have to start before, and while the
     * node is alive. Returns the positions in the arrays of the generations that were stored, and the backends of the leased ones.
     *
     * <p>Generations over a quota of their user are not stored: at most $3 PENDING at once, at most $4 in 24 hours, 0 for no limit. Counts
     * no further than the limit, in the same snapshot. This is exact for one statement at a time, as a process sends them. A user with
     * concurrent requests to several processes may exceed the quota by a few.
     *
     * <p>A generation with an idempotency key is stored only if the key is new for its user; the primary key of the table of keys decides.
     * Of concurrent submissions, in this or another process, one is stored; the others wait for it and then return no row. Keys are
     * inserted in the same order everywhere, so that two statements with the same keys do not deadlock.
     *
     * <p>A use is stored for each upload. It violates its foreign key when the upload was deleted after it was looked up.
     *
     * <p>A waiting request is stored with its generation, so that retries find it also after a crash. Not stored when its process has
     * expired: the connection would seem broken.
     */
    static final String SUBMIT = GIVEN.formatted(
                    ", $25::uuid[], $26::text[], $27::text[], $28::text[], $29::text[], $30::uuid[], $31::uuid[], $32::int[], $33::text[]",
                    ", retry_of, key, fingerprint, webhook_url, webhook_format, connection_id, process_id, retry_count, caller_digest")
            + """
            allowed AS MATERIALIZED (
              SELECT g.* FROM has JOIN (
                  SELECT given.*, row_number() OVER (PARTITION BY user_id ORDER BY n) AS place FROM given
                  WHERE key IS NULL OR NOT EXISTS (
                    SELECT FROM idempotency_keys k WHERE k.user_id = given.user_id AND k.key = given.key)) g USING (user_id)
              WHERE %s),
            keyed AS (
              INSERT INTO idempotency_keys (user_id, key, fingerprint, generation_id)
              SELECT user_id, key, fingerprint, id FROM allowed WHERE key IS NOT NULL ORDER BY user_id, key, n
              ON CONFLICT (user_id, key) DO NOTHING
              RETURNING generation_id),
            fresh AS MATERIALIZED (
              SELECT * FROM allowed WHERE key IS NULL OR id IN (SELECT generation_id FROM keyed)),
            retries AS (
              INSERT INTO generation_retries (generation_id, retry_of)
              SELECT id, retry_of FROM fresh WHERE retry_of IS NOT NULL),
            webhook_urls AS (
              INSERT INTO generation_webhook_urls (generation_id, url, format)
              SELECT id, webhook_url, webhook_format FROM fresh WHERE webhook_url IS NOT NULL),
            upload_uses AS (
              INSERT INTO upload_uses (generation_id, upload_id)
              SELECT DISTINCT f.id, (i ->> 'uploadId')::uuid
              FROM fresh f CROSS JOIN LATERAL jsonb_array_elements(f.input_images::jsonb) i
              WHERE f.input_images IS NOT NULL AND i ->> 'uploadId' IS NOT NULL),
            waiting AS (
              INSERT INTO waiting_requests (generation_id, connection_id, process_id, retry_count, caller_digest)
              SELECT f.id, f.connection_id, f.process_id, f.retry_count, f.caller_digest
              FROM fresh f
              WHERE f.connection_id IS NOT NULL
                AND EXISTS (SELECT FROM nodes n WHERE n.process_id = f.process_id AND n.expires_at > now())),
            """.formatted(WITHIN_LIMITS)
            + STORE_FRESH;

    /**
     * As {@link #SUBMIT}, for submissions without an idempotency key, a webhook URL, input images, a waiting request and an original that
     * they retry.
     */
    static final String SUBMIT_PLAIN = GIVEN.formatted("", "") + """
            fresh AS MATERIALIZED (
              SELECT g.* FROM has JOIN (
                  SELECT given.*, row_number() OVER (PARTITION BY user_id ORDER BY n) AS place FROM given) g USING (user_id)
              WHERE %s),
            """.formatted(WITHIN_LIMITS) + STORE_FRESH;

    /** Returns the quotas that a user has reached, counted as in {@link #SUBMIT}. Read-only. */
    static final String FIND_REACHED_LIMITS = """
            SELECT $2::int > 0 AND (SELECT count(*) FROM generation_queue WHERE user_id = $1 AND lease_owner IS NULL)
              + (SELECT count(*) FROM generation_queue WHERE lease_owner IS NOT NULL AND user_id = $1) >= $2::int AS pending,
              $3::int > 0 AND (SELECT count(*) FROM generations
                WHERE user_id = $1 AND created_at > now() - interval '24 hours') >= $3::int AS today""";

    /** Returns the use of an idempotency key of a user. Read-only; rows of this table are never updated. */
    static final String FIND_IDEMPOTENCY_KEY =
            "SELECT generation_id, fingerprint FROM idempotency_keys WHERE user_id = $1 AND key = $2";

    /**
     * Counts the generations that would be ahead of a new generation of a user, up to a limit: all up to the turn that {@link #SUBMIT}
     * would assign. Those of the same turn arrived earlier. Read-only; the result is an estimate.
     */
    static final String COUNT_AHEAD = """
            SELECT count(*) AS ahead FROM (
              SELECT FROM generation_queue
              WHERE route = $2 AND lease_owner IS NULL AND turn <= greatest(
                (SELECT max(turn) + 1 FROM generation_queue WHERE user_id = $1 AND route = $2 AND lease_owner IS NULL),
                (SELECT turn FROM generation_queue
                 WHERE route = $2 AND lease_owner IS NULL AND run_at <= now() ORDER BY turn LIMIT 1))
              LIMIT $3) w""";

    /**
     * Counts the waiting generations, up to a limit, and sums the attempts per second of all live processes; null before the first
     * measurement. Read-only.
     */
    static final String MEASURE_BACKLOG = """
            SELECT (SELECT count(*) FROM (SELECT FROM generation_queue WHERE lease_owner IS NULL LIMIT $1) w) AS waiting,
              (SELECT sum(concurrency * 1000.0 / greatest(average_attempt_ms, 1))::float8 FROM nodes
               WHERE expires_at > now() AND NOT draining AND average_attempt_ms IS NOT NULL) AS per_second""";

    private SubmissionSql() {}
}
