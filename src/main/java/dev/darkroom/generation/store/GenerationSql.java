package dev.darkroom.generation.store;

/**
 * What callers' commands do to the tables of generations. Each is one statement, hence one transaction and one round trip.
 */
public final class GenerationSql {
    /** {@link #FIND} counts no more before a generation. */
    public static final long MAX_COUNTED_AHEAD = 999;

    /**
     * What is told of a generation. Named one by one: a statement that returns all columns fails once, on each connection
     * that has it prepared, when a newer version adds a column beside us.
     */
    private static final String COLUMNS = """
            g.id, g.user_id, g.status, g.prompt, g.negative_prompt, g.width, g.height, g.image_count, g.seed, g.model, g.metadata,
              g.failed_attempts, g.error_code, g.error_class, g.error_message, g.error_retryable, g.created_at, g.updated_at,
              g.completed_at""";

    /** What belongs to {@code g} and lies in other tables, all of one moment, because one statement sees one snapshot. */
    private static final String RELATED_COLUMNS = """
            q.priority, q.attempt_started_at, q.attempt_backend,
              (SELECT retry_of FROM generation_retries r WHERE r.generation_id = g.id) AS retry_of,
              (SELECT json_agg(a ORDER BY a.number) FROM generation_attempts a WHERE a.generation_id = g.id) AS attempts,
              (SELECT json_agg(i ORDER BY i.position) FROM images i WHERE i.generation_id = g.id) AS images""";

    /**
     * Stores generations and queues them, as many as the JSON array holds. Both rows or none: a generation without a queue
     * row would wait for ever. The ids are ours, so that a repeated submission of the same id cannot make a second one. A
     * user's new rows get the turns after the user's last, or from the turn that is served now: whoever comes late neither
     * waits for the whole queue nor catches up on what others had before.
     *
     * <p>What would be one too many for its user is not stored: $4 may be PENDING at once, $5 be accepted in 24 hours, 0 for no limit.
     * Counted no further than that, in the same snapshot: exact for one statement at a time, which is what a process sends. A user who
     * comes to several processes at the same moment may get a few more.
     *
     * <p>What comes with an idempotency key is stored only if the key is new to its user, which the primary key of the keys decides:
     * of several that come at once, here or at another process, one is stored, and the others wait until it is and then bring no
     * row. They are inserted in one order everywhere, so that two statements with the same keys do not wait for each other.
     */
    static final String SUBMIT = """
            WITH given AS MATERIALIZED (
              SELECT * FROM jsonb_to_recordset($1::jsonb) AS j (n int, id uuid, user_id text, prompt text,
                negative_prompt text, width int, height int, image_count int, seed bigint, model text, metadata jsonb,
                priority smallint, retry_of uuid, key text, fingerprint text, webhook_url text)),
            has AS MATERIALIZED (
              SELECT u.user_id,
                (SELECT count(*) FROM (SELECT FROM generation_queue q
                   WHERE q.user_id = u.user_id AND q.route = $2 AND q.lease_owner IS NULL LIMIT $4::int) w)
                + CASE WHEN $4::int = 0 THEN 0 ELSE (SELECT count(*) FROM generation_queue q
                   WHERE q.lease_owner IS NOT NULL AND q.user_id = u.user_id) END AS pending,
                (SELECT count(*) FROM (SELECT FROM generations g
                   WHERE g.user_id = u.user_id AND g.created_at > now() - interval '24 hours' LIMIT $5::int) d) AS today
              FROM (SELECT DISTINCT user_id FROM given) u),
            allowed AS MATERIALIZED (
              SELECT g.* FROM has JOIN (
                  SELECT given.*, row_number() OVER (PARTITION BY user_id ORDER BY n) AS place FROM given
                  WHERE key IS NULL OR NOT EXISTS (
                    SELECT FROM idempotency_keys k WHERE k.user_id = given.user_id AND k.key = given.key)) g USING (user_id)
              WHERE ($4::int = 0 OR has.pending + g.place <= $4::int) AND ($5::int = 0 OR has.today + g.place <= $5::int)),
            keyed AS (
              INSERT INTO idempotency_keys (user_id, key, fingerprint, generation_id)
              SELECT user_id, key, fingerprint, id FROM allowed WHERE key IS NOT NULL ORDER BY user_id, key, n
              ON CONFLICT (user_id, key) DO NOTHING
              RETURNING generation_id),
            fresh AS MATERIALIZED (
              SELECT * FROM allowed WHERE key IS NULL OR id IN (SELECT generation_id FROM keyed)),
            accepted AS (
              INSERT INTO generations
                (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata)
              SELECT id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata
              FROM fresh
              RETURNING *),
            retries AS (
              INSERT INTO generation_retries (generation_id, retry_of)
              SELECT id, retry_of FROM fresh WHERE retry_of IS NOT NULL),
            told AS (
              INSERT INTO generation_webhook_urls (generation_id, url)
              SELECT id, webhook_url FROM fresh WHERE webhook_url IS NOT NULL),
            first_turns AS (
              SELECT u.user_id, greatest(
                coalesce((SELECT max(turn) + 1 FROM generation_queue q
                          WHERE q.user_id = u.user_id AND q.route = $2 AND q.lease_owner IS NULL), 0),
                coalesce(served.turn, 0)) AS turn
              FROM (SELECT DISTINCT user_id FROM fresh) u
              LEFT JOIN (SELECT turn FROM generation_queue
                         WHERE route = $2 AND lease_owner IS NULL AND run_at <= now() ORDER BY turn LIMIT 1) served ON true),
            queued AS (
              INSERT INTO generation_queue (generation_id, user_id, route, priority, deadline, turn)
              SELECT g.id, g.user_id, $2, g.priority, now() + $3::bigint * interval '1 millisecond',
                t.turn + row_number() OVER (PARTITION BY g.user_id ORDER BY g.n) - 1
              FROM fresh g JOIN first_turns t ON t.user_id = g.user_id
              ORDER BY g.n)
            SELECT
            """ + COLUMNS + """
            , fresh.priority, NULL::timestamptz AS attempt_started_at, NULL::text AS attempt_backend, fresh.retry_of,
              NULL::json AS attempts, NULL::json AS images, NULL::bigint AS ahead, NULL::timestamptz AS run_at, now() AS now
            FROM accepted g JOIN fresh ON fresh.id = g.id""";

    /** Which of a user's limits are reached, as {@link #SUBMIT} counts. */
    static final String FIND_REACHED_LIMITS = """
            SELECT $3::int > 0 AND (SELECT count(*) FROM generation_queue
                WHERE user_id = $1 AND route = $2 AND lease_owner IS NULL)
              + (SELECT count(*) FROM generation_queue WHERE lease_owner IS NOT NULL AND user_id = $1) >= $3::int AS pending,
              $4::int > 0 AND (SELECT count(*) FROM generations
                WHERE user_id = $1 AND created_at > now() - interval '24 hours') >= $4::int AS today""";

    /** What a user's idempotency key was used for. */
    static final String FIND_IDEMPOTENCY_KEY =
            "SELECT generation_id, fingerprint FROM idempotency_keys WHERE user_id = $1 AND key = $2";

    /**
     * A generation of a user, or anybody's when $2 is null. While it waits, also how many go before it: the turn that it will
     * have is the one that comes to its user after as many of the user's turns as the user wants other work first. Counted
     * up to 999, so that a long queue does not make it slow.
     */
    static final String FIND = """
            SELECT
            """ + COLUMNS + ", " + RELATED_COLUMNS + """
            , place.ahead, q.run_at, now() AS now
            FROM generations g LEFT JOIN generation_queue q ON q.generation_id = g.id
              LEFT JOIN LATERAL (
                SELECT (SELECT count(*) FROM (
                          SELECT FROM generation_queue w
                          WHERE w.route = q.route AND w.lease_owner IS NULL AND (w.turn, w.arrival_seq) < (its.turn, its.arrival_seq)
                          LIMIT 999) w) AS ahead
                FROM (SELECT turn, arrival_seq FROM generation_queue t
                      WHERE t.user_id = q.user_id AND t.route = q.route AND t.lease_owner IS NULL
                      ORDER BY turn LIMIT 1
                      OFFSET (SELECT count(*) FROM (
                                SELECT FROM generation_queue o
                                WHERE o.user_id = q.user_id AND o.route = q.route AND o.lease_owner IS NULL
                                  AND (o.priority, o.run_at, o.arrival_seq) < (q.priority, q.run_at, q.arrival_seq)
                                LIMIT 999) o)) its) place
                ON q.lease_owner IS NULL
            WHERE g.id = $1 AND ($2::text IS NULL OR g.user_id = $2)""";

    /**
     * How many would go before one more generation of a user, counted up to a limit: all up to the turn that {@link #SUBMIT}
     * would give it. Of the same turn they came earlier.
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
     * How many wait, counted up to a limit, and how many attempts all live processes together end in a second, null as
     * long as none has measured any.
     */
    static final String MEASURE_BACKLOG = """
            SELECT (SELECT count(*) FROM (
                      SELECT FROM generation_queue WHERE route = $1 AND lease_owner IS NULL LIMIT $2) w) AS waiting,
              (SELECT sum(concurrency * 1000.0 / greatest(average_attempt_ms, 1))::float8 FROM nodes
               WHERE expires_at > now() AND NOT draining AND average_attempt_ms IS NOT NULL) AS per_second""";

    /**
     * A user's generations, the newest first, from a place on. What of it is null does not matter. The place is the last that the
     * reader has seen, and no number, so that what comes or goes before it moves nothing.
     */
    static final String LIST = """
            SELECT
            """ + COLUMNS + ", " + RELATED_COLUMNS + """
            , NULL::bigint AS ahead, NULL::timestamptz AS run_at, now() AS now
            FROM (
                SELECT * FROM generations
                WHERE user_id = $1 AND ($2::text IS NULL OR status = $2)
                  AND created_at >= coalesce($3::timestamptz, '-infinity') AND created_at < coalesce($4::timestamptz, 'infinity')
                  AND (created_at, id) < (coalesce($5::timestamptz, 'infinity'), coalesce($6::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                ORDER BY created_at DESC, id DESC LIMIT $7::int) g
              LEFT JOIN generation_queue q ON q.generation_id = g.id
            ORDER BY g.created_at DESC, g.id DESC""";

    /** Which of these generations are not PENDING. By the queue, which is small, and whose row goes with the end. */
    static final String FIND_FINISHED = """
            SELECT awaited.id FROM unnest($1::uuid[]) AS awaited (id)
            WHERE NOT EXISTS (SELECT FROM generation_queue q WHERE q.generation_id = awaited.id)""";

    /**
     * Of the generations in $1 those that are further than the version in $2 ({@code GenerationEventHistory} has what versions mean), as they
     * stand, and those that are not there.
     */
    static final String FIND_NEWER_THAN = """
            SELECT watched.id AS watched,
            """ + COLUMNS + ", " + RELATED_COLUMNS + """
            , NULL::bigint AS ahead, NULL::timestamptz AS run_at, now() AS now
            FROM unnest($1::uuid[], $2::bigint[]) AS watched (id, version)
              LEFT JOIN generations g ON g.id = watched.id
              LEFT JOIN generation_queue q ON q.generation_id = watched.id
            WHERE g.id IS NULL OR watched.version < CASE
              WHEN g.status = 'COMPLETE' THEN 2 * (g.failed_attempts + 1) + 3
              WHEN g.status = 'FAILED' THEN 2 * g.failed_attempts + 3
              WHEN q.lease_owner IS NOT NULL THEN 2 * g.failed_attempts + 2
              ELSE 2 * g.failed_attempts + 1 END""";

    /**
     * Deletes a generation that has ended, of a user or anybody's, with all that names it. Its files follow; until they have, their
     * names are kept, so that a crash leaves none behind. The idempotency key stays.
     */
    static final String DELETE = """
            WITH ended AS MATERIALIZED (
              SELECT id FROM generations
              WHERE id = $1 AND ($2::text IS NULL OR user_id = $2) AND status <> 'PENDING' FOR UPDATE),
            attempts AS (
              DELETE FROM generation_attempts a USING ended WHERE a.generation_id = ended.id),
            notes AS (
              DELETE FROM generation_attempt_purges d USING ended WHERE d.generation_id = ended.id),
            retries AS (
              DELETE FROM generation_retries r USING ended WHERE r.generation_id = ended.id),
            pictures AS (
              DELETE FROM images i USING ended WHERE i.generation_id = ended.id RETURNING i.storage_key),
            discarded AS (
              INSERT INTO discarded_images (storage_key) SELECT storage_key FROM pictures),
            deleted AS (
              DELETE FROM generations g USING ended WHERE g.id = ended.id RETURNING g.user_id)
            SELECT user_id, coalesce((SELECT array_agg(storage_key) FROM pictures), '{}') AS storage_keys FROM deleted""";

    /** The files of deleted pictures are gone too. */
    static final String DELETE_DISCARDED_IMAGES = "DELETE FROM discarded_images WHERE storage_key = ANY ($1::text[])";

    /** Where a picture is kept, for the user whose generation made it, or for anybody when $2 is null. */
    static final String FIND_IMAGE = """
            SELECT i.id, i.content_type, i.width, i.height, i.bytes, i.sha256, i.storage_key, g.user_id, i.generation_id
            FROM images i JOIN generations g ON g.id = i.generation_id
            WHERE i.id = $1 AND ($2::text IS NULL OR g.user_id = $2)""";

    private GenerationSql() {}
}
