package dev.darkroom.maintenance;

/**
 * Deletes what has been kept for long enough, a batch at a time, oldest first. There is no index by time, which every end of a
 * generation would pay for: ids are UUIDv7, so the primary keys are in the order of acceptance, and nothing ends before it is
 * accepted. What is old by its id may still be young by its end, which the condition on {@code completed_at} sees to.
 */
final class RetentionSql {
    /** Whoever comes second leaves the work to the first. Held until the transaction ends; no correctness rests on it. */
    static final String TRY_LOCK =
            "SELECT pg_try_advisory_xact_lock(hashtextextended('darkroom housekeeping', 0)) AS mine";

    /** Of the transaction. Deleting a batch may take longer than a caller would wait. */
    static final String SET_TIMEOUT = "SET LOCAL statement_timeout = '60s'";

    /** The smallest UUIDv7 of the moment $1 milliseconds ago. */
    private static final String ID_BOUND = """
            rpad(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - $1::bigint), 12, '0'), 32, '0')::uuid""";

    private static final String FINISHED_BEFORE = "completed_at < now() - $1::bigint * interval '1 millisecond'";

    /**
     * Deletes ended generations with all that names them, and keeps the names of their files until these are gone too. A queue
     * row can not be there: it goes in the transaction that ends the generation, and the foreign key would refuse.
     */
    static final String DELETE_FINISHED = """
            WITH old AS MATERIALIZED (
              SELECT id FROM generations WHERE id < %s AND %s ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED),
            attempts AS (
              DELETE FROM generation_attempts a USING old WHERE a.generation_id = old.id),
            notes AS (
              DELETE FROM generation_attempt_purges d USING old WHERE d.generation_id = old.id),
            retries AS (
              DELETE FROM generation_retries r USING old WHERE r.generation_id = old.id),
            pictures AS (
              DELETE FROM images i USING old WHERE i.generation_id = old.id RETURNING i.storage_key),
            discarded AS (
              INSERT INTO discarded_images (storage_key) SELECT storage_key FROM pictures),
            deleted AS (
              DELETE FROM generations g USING old WHERE g.id = old.id RETURNING g.id)
            SELECT (SELECT count(*) FROM deleted) AS generations,
              coalesce((SELECT array_agg(storage_key) FROM pictures), '{}') AS keys""".formatted(ID_BOUND, FINISHED_BEFORE);

    /** Deletes the attempts of ended generations, all or none of one, and notes that it did. */
    static final String DELETE_ATTEMPTS = """
            WITH old AS MATERIALIZED (
              SELECT g.id FROM generations g WHERE g.id IN (
                  SELECT a.generation_id FROM generation_attempts a JOIN generations e ON e.id = a.generation_id
                  WHERE a.generation_id < %s AND e.%s
                  GROUP BY a.generation_id ORDER BY a.generation_id LIMIT $2)
              FOR UPDATE SKIP LOCKED),
            attempts AS (
              DELETE FROM generation_attempts a USING old WHERE a.generation_id = old.id),
            noted AS (
              INSERT INTO generation_attempt_purges (generation_id) SELECT id FROM old RETURNING generation_id)
            SELECT count(*) AS generations FROM noted""".formatted(ID_BOUND, FINISHED_BEFORE);

    /** Forgets idempotency keys that are older than $1 milliseconds. */
    static final String DELETE_IDEMPOTENCY_KEYS = """
            WITH old AS MATERIALIZED (
              SELECT user_id, key FROM idempotency_keys
              WHERE created_at < now() - $1::bigint * interval '1 millisecond'
              ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED),
            deleted AS (
              DELETE FROM idempotency_keys k USING old WHERE k.user_id = old.user_id AND k.key = old.key RETURNING 1)
            SELECT count(*) AS generations FROM deleted""";

    /** Forgets tickets for streams that have been good no more for $1 milliseconds. */
    static final String DELETE_EXPIRED_TICKETS = """
            WITH old AS MATERIALIZED (
              SELECT hash FROM stream_tickets
              WHERE expires_at < now() - $1::bigint * interval '1 millisecond'
              ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),
            deleted AS (
              DELETE FROM stream_tickets t USING old WHERE t.hash = old.hash RETURNING 1)
            SELECT count(*) AS generations FROM deleted""";

    /** Pictures whose files should be gone by now. They are few: what is left by crashes. */
    static final String FIND_DISCARDED_IMAGES = """
            SELECT storage_key FROM discarded_images WHERE discarded_at < now() - $1::bigint * interval '1 millisecond' LIMIT $2""";

    static final String DELETE_DISCARDED_IMAGES = "DELETE FROM discarded_images WHERE storage_key = ANY ($1::text[])";

    /** Which of these pictures have a row. */
    static final String FIND_KNOWN_IMAGES = "SELECT storage_key FROM images WHERE id = ANY ($1::uuid[])";

    private RetentionSql() {}
}
