package dev.darkroom.generation;

/**
 * What callers' commands do to the tables of generations. Each is one statement, hence one transaction and one round trip.
 */
final class GenerationSql {
    /** {@link #FIND} counts no more before a generation. */
    static final long MOST_AHEAD = 999;

    /**
     * What is told of a generation. Named one by one: a statement that returns all columns fails once, on each connection
     * that has it prepared, when a newer version adds a column beside us.
     */
    private static final String TOLD = """
            g.id, g.user_id, g.status, g.prompt, g.negative_prompt, g.width, g.height, g.image_count, g.seed, g.model, g.metadata,
              g.failed_attempts, g.error_code, g.error_class, g.error_message, g.error_retryable, g.created_at, g.updated_at,
              g.completed_at""";

    /**
     * Stores generations and queues them, as many as the JSON array holds. Both rows or none: a generation without a queue
     * row would wait for ever. The ids are ours, so that a repeated submission of the same id cannot make a second one. A
     * user's new rows get the turns after the user's last, or from the turn that is served now: whoever comes late neither
     * waits for the whole queue nor catches up on what others had before.
     */
    static final String SUBMIT = """
            WITH given AS MATERIALIZED (
              SELECT * FROM jsonb_to_recordset($1::jsonb) AS j (n int, id uuid, user_id text, prompt text,
                negative_prompt text, width int, height int, image_count int, seed bigint, model text, metadata jsonb,
                priority smallint)),
            accepted AS (
              INSERT INTO generations
                (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata)
              SELECT id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata
              FROM given
              RETURNING *),
            first_turns AS (
              SELECT u.user_id, greatest(
                coalesce((SELECT max(turn) + 1 FROM generation_queue q
                          WHERE q.user_id = u.user_id AND q.route = $2 AND q.lease_owner IS NULL), 0),
                coalesce(served.turn, 0)) AS turn
              FROM (SELECT DISTINCT user_id FROM given) u
              LEFT JOIN (SELECT turn FROM generation_queue
                         WHERE route = $2 AND lease_owner IS NULL AND run_at <= now() ORDER BY turn LIMIT 1) served ON true),
            queued AS (
              INSERT INTO generation_queue (generation_id, user_id, route, priority, deadline, turn)
              SELECT g.id, g.user_id, $2, g.priority, now() + $3::bigint * interval '1 millisecond',
                t.turn + row_number() OVER (PARTITION BY g.user_id ORDER BY g.n) - 1
              FROM given g JOIN first_turns t ON t.user_id = g.user_id
              ORDER BY g.n)
            SELECT
            """ + TOLD + """
            , given.priority, NULL::timestamptz AS attempt_started_at, NULL::text AS attempt_backend,
              NULL::json AS attempts, NULL::json AS images, NULL::bigint AS ahead, NULL::timestamptz AS run_at, now() AS now
            FROM accepted g JOIN given ON given.id = g.id""";

    /**
     * A generation of a user, or anybody's when $2 is null: the row, the attempt under way, the ended attempts and the pictures, all of one
     * moment, because one statement sees one snapshot. While it waits, also how many go before it: the turn that it will
     * have is the one that comes to its user after as many of the user's turns as the user wants other work first. Counted
     * up to 999, so that a long queue does not make it slow.
     */
    static final String FIND = """
            SELECT
            """ + TOLD + """
            , q.priority, q.attempt_started_at, q.attempt_backend,
              (SELECT json_agg(a ORDER BY a.number) FROM generation_attempts a WHERE a.generation_id = g.id) AS attempts,
              (SELECT json_agg(i ORDER BY i.position) FROM images i WHERE i.generation_id = g.id) AS images,
              place.ahead, q.run_at, now() AS now
            FROM generations g LEFT JOIN generation_queue q ON q.generation_id = g.id
              LEFT JOIN LATERAL (
                SELECT (SELECT count(*) FROM (
                          SELECT FROM generation_queue w
                          WHERE w.route = q.route AND w.lease_owner IS NULL AND (w.turn, w.arrival) < (its.turn, its.arrival)
                          LIMIT 999) w) AS ahead
                FROM (SELECT turn, arrival FROM generation_queue t
                      WHERE t.user_id = q.user_id AND t.route = q.route AND t.lease_owner IS NULL
                      ORDER BY turn LIMIT 1
                      OFFSET (SELECT count(*) FROM (
                                SELECT FROM generation_queue o
                                WHERE o.user_id = q.user_id AND o.route = q.route AND o.lease_owner IS NULL
                                  AND (o.priority, o.run_at, o.arrival) < (q.priority, q.run_at, q.arrival)
                                LIMIT 999) o)) its) place
                ON q.lease_owner IS NULL
            WHERE g.id = $1 AND ($2::text IS NULL OR g.user_id = $2)""";

    /**
     * How many would go before one more generation of a user, counted up to a limit: all up to the turn that {@link #SUBMIT}
     * would give it. Of the same turn they came earlier.
     */
    static final String AHEAD = """
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
    static final String BACKLOG = """
            SELECT (SELECT count(*) FROM (
                      SELECT FROM generation_queue WHERE route = $1 AND lease_owner IS NULL LIMIT $2) w) AS waiting,
              (SELECT sum(concurrency * 1000.0 / greatest(attempt_ms, 1))::float8 FROM nodes
               WHERE expires_at > now() AND NOT draining AND attempt_ms IS NOT NULL) AS per_second""";

    /** Where a picture is kept, for the user whose generation made it, or for anybody when $2 is null. */
    static final String FIND_IMAGE = """
            SELECT i.id, i.content_type, i.width, i.height, i.bytes, i.sha256, i.storage_key, g.user_id
            FROM images i JOIN generations g ON g.id = i.generation_id
            WHERE i.id = $1 AND ($2::text IS NULL OR g.user_id = $2)""";

    private GenerationSql() {}
}
