package dev.darkroom.generation.store;

import dev.darkroom.queue.LeasedQueueSql;
import dev.darkroom.usage.UsageSql;

/** SQL of commands. Each constant is one statement, hence one transaction and one round trip. */
public final class GenerationSql {
    /**
     * Columns of a generation. They are listed because a prepared statement with {@code *} fails once per connection when a newer
     * version of the service adds a column while this one runs.
     */
    private static final String COLUMNS = """
            g.id, g.user_id, g.status, g.prompt, g.negative_prompt, g.width, g.height, g.image_count, g.seed, g.model, g.metadata,
              g.parameters, g.input_images, g.failed_attempts, g.error_code, g.error_class, g.error_message, g.error_retryable, g.created_at, g.updated_at,
              g.completed_at""";

    /**
     * Columns of other tables that belong to {@code g}. They are consistent, because one statement sees one snapshot. Reads attempts and
     * images only when the row of {@code g} says that there may be some.
     */
    private static final String RELATED_COLUMNS = """
            q.priority, q.attempt_started_at, q.attempt_backend, q.attempt_selection,
              q.job_percent, q.job_queue_position, q.job_api_key,
              (SELECT retry_of FROM generation_retries r WHERE r.generation_id = g.id) AS retry_of,
              CASE WHEN g.failed_attempts > 0 OR g.status = 'COMPLETE' THEN
                (SELECT json_agg(a ORDER BY a.number) FROM generation_attempts a WHERE a.generation_id = g.id) END AS attempts,
              CASE WHEN g.status = 'COMPLETE' THEN
                (SELECT json_agg(i ORDER BY i.position) FROM images i WHERE i.generation_id = g.id) END AS images
            """;

    /** First part of {@link #SUBMIT} and {@link #SUBMIT_PLAIN}: further columns and arrays of the submissions, each with a leading comma. */
    private static final String GIVEN = """
            WITH given AS MATERIALIZED (
              SELECT * FROM unnest($9::uuid[], $10::text[], $11::text[], $12::text[], $13::int[], $14::int[], $15::int[],
                $16::bigint[], $17::text[], $18::text[], $19::text[], $20::int[], $21::text[], $22::text[]%s) WITH ORDINALITY
                AS j (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata, parameters, priority, route,
                  input_images%s, n)),
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
                (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata, parameters, input_images)
              SELECT id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata::jsonb, parameters::jsonb,
                input_images::jsonb
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
                    ", $23::uuid[], $24::text[], $25::text[], $26::text[], $27::text[], $28::uuid[], $29::uuid[], $30::int[], $31::text[]",
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
     * Returns those of the given generations that exist, of any user. The LIMIT keeps the planner from joining with the whole queue, which
     * it expects to be small while its statistics are old. Read-only, one snapshot.
     */
    static final String FIND = """
            SELECT
            """ + COLUMNS + ", " + RELATED_COLUMNS + """
            , q.waiting, q.route, q.turn, q.arrival_seq, q.run_at
            FROM generations g LEFT JOIN LATERAL (
                SELECT priority, attempt_started_at, attempt_backend, attempt_selection, job_percent, job_queue_position, job_api_key, lease_owner IS NULL AS waiting, route, turn, arrival_seq, run_at
                FROM generation_queue WHERE generation_id = g.id AND g.status = 'PENDING' LIMIT 1) q ON true
            WHERE g.id = ANY ($1)""";

    /**
     * Returns the first $2 waiting generations as one row of arrays. Their turns are in the order in which they are served; {@code ids} and
     * {@code ahead} contain each generation with the number of generations ahead: the n-th generation of a user by priority has the n-th
     * turn of that user. The cost depends on $2 and not on the length of the queue. Read-only, one snapshot.
     */
    static final String READ_QUEUE = """
            WITH turns AS MATERIALIZED (
              SELECT user_id, turn, arrival_seq, row_number() OVER (ORDER BY turn, arrival_seq) - 1 AS ahead
              FROM (SELECT user_id, turn, arrival_seq FROM generation_queue
                    WHERE route = $1 AND lease_owner IS NULL ORDER BY turn, arrival_seq LIMIT $2) first),
            own AS MATERIALIZED (
              SELECT u.user_id, q.generation_id, q.priority, q.run_at, q.arrival_seq
              FROM (SELECT user_id, count(*) AS turns FROM turns GROUP BY user_id) u
              CROSS JOIN LATERAL (
                SELECT generation_id, priority, run_at, arrival_seq FROM generation_queue
                WHERE user_id = u.user_id AND route = $1 AND lease_owner IS NULL
                ORDER BY priority, run_at, arrival_seq LIMIT u.turns) q)
            SELECT now() AS now,
              (SELECT array_agg(turn ORDER BY ahead) FROM turns) AS turns,
              (SELECT array_agg(arrival_seq ORDER BY ahead) FROM turns) AS arrivals,
              (SELECT array_agg(ahead ORDER BY user_id COLLATE "C", ahead) FROM turns) AS ahead,
              (SELECT array_agg(generation_id ORDER BY user_id COLLATE "C", priority, run_at, arrival_seq) FROM own) AS ids""";

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

    /**
     * Returns a page of the generations of a user, newest first, and the first generation after it, which is not {@code on_page}. A page has
     * at most $7 generations, and ends after the one whose prompts exceed $8 bytes together with those before it. Null parameters do not
     * filter. The cursor ($5, $6) is the last generation of the previous page and not an offset, so that insertions and deletions before it
     * do not shift the page. The length of a text is read without the text. Read-only.
     */
    static final String LIST = """
            SELECT
            """ + COLUMNS + ", " + RELATED_COLUMNS + """
            , g.on_page
            FROM (
              SELECT *,
                row_number() OVER newest <= $7::int AND coalesce(sum(prompt_bytes) OVER (newest ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) < $8::int AS on_page,
                coalesce(sum(prompt_bytes) OVER (newest ROWS BETWEEN UNBOUNDED PRECEDING AND 2 PRECEDING), 0) < $8::int AS listed
              FROM (
                SELECT *, octet_length(prompt) + coalesce(octet_length(negative_prompt), 0) AS prompt_bytes FROM generations
                WHERE user_id = $1 AND ($2::text IS NULL OR status = $2)
                  AND created_at >= coalesce($3::timestamptz, '-infinity') AND created_at < coalesce($4::timestamptz, 'infinity')
                  AND (created_at, id) < (coalesce($5::timestamptz, 'infinity'), coalesce($6::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                ORDER BY created_at DESC, id DESC LIMIT $7::int + 1) first
              WINDOW newest AS (ORDER BY created_at DESC, id DESC)) g
              LEFT JOIN generation_queue q ON q.generation_id = g.id
            WHERE g.listed
            ORDER BY g.created_at DESC, g.id DESC""";

    /** Returns those of the given generations that have ended or do not exist. Uses the queue, which is small: the end deletes the row. */
    static final String FIND_FINISHED = """
            SELECT awaited.id FROM unnest($1::uuid[]) AS awaited (id)
            WHERE NOT EXISTS (SELECT FROM generation_queue q WHERE q.generation_id = awaited.id)""";

    /**
     * Returns those of the generations in $1 with a newer version than in $2, and null columns for those that do not exist. {@code
     * GenerationEventHistory} defines the versions. Events have no prompts, so they are not read. Read-only, one snapshot.
     */
    static final String FIND_NEWER_THAN =
            """
            SELECT watched.id AS watched,
            """ + COLUMNS.replace("g.prompt, g.negative_prompt", "'' AS prompt, NULL::text AS negative_prompt")
                    + ", " + RELATED_COLUMNS + """
            FROM unnest($1::uuid[], $2::bigint[]) AS watched (id, version)
              LEFT JOIN generations g ON g.id = watched.id
              LEFT JOIN generation_queue q ON q.generation_id = watched.id
            WHERE g.id IS NULL OR watched.version < CASE
              WHEN g.status = 'COMPLETE' THEN 2 * (g.failed_attempts + 1) + 3
              WHEN g.status = 'FAILED' THEN 2 * g.failed_attempts + 3
              WHEN q.lease_owner IS NOT NULL THEN 2 * g.failed_attempts + 2
              ELSE 2 * g.failed_attempts + 1 END""";

    /**
     * Deletes an ended generation of a user, or of any user when $2 is null, with its dependent rows. Adds its attempts to the usage.
     * Stores the keys of its image files until they are deleted, so that a crash leaves none behind. The idempotency key stays. The row
     * lock serializes concurrent deletions; an ended generation has no other writers.
     */
    static final String DELETE = """
            WITH ended AS MATERIALIZED (
              SELECT id, user_id, model, image_count FROM generations
              WHERE id = $1 AND ($2::text IS NULL OR user_id = $2) AND status <> 'PENDING' FOR UPDATE),
            attempts AS (
              DELETE FROM generation_attempts a USING ended WHERE a.generation_id = ended.id
              RETURNING ended.user_id, ended.model, ended.image_count, %s),
            rolled_up AS (
              %s),
            notes AS (
              DELETE FROM generation_attempt_purges d USING ended WHERE d.generation_id = ended.id),
            retries AS (
              DELETE FROM generation_retries r USING ended WHERE r.generation_id = ended.id),
            deleted_images AS (
              DELETE FROM images i USING ended WHERE i.generation_id = ended.id RETURNING i.storage_key),
            discarded AS (
              INSERT INTO discarded_images (storage_key) SELECT storage_key FROM deleted_images),
            deleted AS (
              DELETE FROM generations g USING ended WHERE g.id = ended.id RETURNING g.user_id)
            SELECT user_id, coalesce((SELECT array_agg(storage_key) FROM deleted_images), '{}') AS storage_keys FROM deleted""".formatted(UsageSql.ATTEMPT_COLUMNS, UsageSql.rollUp("user_id", "attempts"));

    /** Deletes the stored keys of deleted image files. Idempotent. */
    static final String DELETE_DISCARDED_IMAGES = "DELETE FROM discarded_images WHERE storage_key = ANY ($1::text[])";

    /** Returns the storage location of an image of a user, or of any user when $2 is null. Read-only. */
    static final String FIND_IMAGE = """
            SELECT i.id, i.content_type, i.width, i.height, i.bytes, i.sha256, i.storage_key, g.user_id, i.generation_id
            FROM images i JOIN generations g ON g.id = i.generation_id
            WHERE i.id = $1 AND ($2::text IS NULL OR g.user_id = $2)""";

    private GenerationSql() {}
}
