package dev.darkroom.generation;

/**
 * What callers' commands do to the tables of generations. Each is one statement, hence one transaction and one round trip.
 */
final class GenerationSql {

    /**
     * Stores a generation and queues it. Both rows or none: a generation without a queue row would wait for ever. The id
     * is ours, so that a repeated submission of the same id cannot make a second one.
     */
    static final String SUBMIT = """
            WITH accepted AS (
              INSERT INTO generations
                (id, user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
              RETURNING *),
            queued AS (
              INSERT INTO generation_queue (generation_id, user_id, route, deadline)
              SELECT id, user_id, $11, created_at + $12::bigint * interval '1 millisecond' FROM accepted)
            SELECT accepted.*, NULL::timestamptz AS attempt_started_at, NULL::text AS attempt_backend,
              NULL::json AS attempts, NULL::json AS images
            FROM accepted""";

    /**
     * A generation as its user may see it: the row, the attempt under way, the ended attempts and the pictures, all of one
     * moment, because one statement sees one snapshot.
     */
    static final String FIND = """
            SELECT g.*, q.attempt_started_at, q.attempt_backend,
              (SELECT json_agg(a ORDER BY a.number) FROM generation_attempts a WHERE a.generation_id = g.id) AS attempts,
              (SELECT json_agg(i ORDER BY i.position) FROM images i WHERE i.generation_id = g.id) AS images
            FROM generations g LEFT JOIN generation_queue q ON q.generation_id = g.id
            WHERE g.id = $1 AND g.user_id = $2""";

    /** Where a picture is kept, for the user whose generation made it. */
    static final String FIND_IMAGE = """
            SELECT i.* FROM images i JOIN generations g ON g.id = i.generation_id WHERE i.id = $1 AND g.user_id = $2""";

    private GenerationSql() {}
}
