package dev.darkroom.generation.store;

import dev.darkroom.usage.UsageSql;

/** SQL that reads and deletes generations. Each constant is one statement, hence one transaction and one round trip. */
final class GenerationSql {
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
