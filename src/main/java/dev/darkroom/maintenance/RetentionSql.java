package dev.darkroom.maintenance;

import dev.darkroom.usage.UsageSql;

/**
 * SQL that deletes expired rows in batches, oldest first. Skips locked rows, so concurrent transactions do not wait. The statements of
 * batches take the age in ms and the limit, and return the column {@code deleted}.
 *
 * <p>Those for generations use the primary key instead of an index by time, which would slow down the end of every generation: ids are
 * UUIDv7 in the order of acceptance, and a generation never ends before it is accepted. A generation with an old id may have ended
 * recently, so the statements also check {@code completed_at}.
 */
final class RetentionSql {
    /** Takes an advisory lock until the transaction ends. Only avoids duplicate work; correctness does not depend on it. */
    static final String TRY_LOCK =
            "SELECT pg_try_advisory_xact_lock(hashtextextended('darkroom housekeeping', 0)) AS mine";

    /** Sets the statement timeout of the transaction; a batch may take longer than the default for requests. */
    static final String SET_TIMEOUT = "SET LOCAL statement_timeout = '60s'";

    /** Smallest UUIDv7 of the time {@code $1} ms ago. */
    private static final String ID_BOUND = """
            rpad(lpad(to_hex((extract(epoch FROM now()) * 1000)::bigint - $1::bigint), 12, '0'), 32, '0')::uuid""";

    /** Adds the deleted attempts to the usage. */
    private static final String ROLL_UP = UsageSql.rollUp("user_id", "attempts");

    private static final String FINISHED_BEFORE = "completed_at < now() - $1::bigint * interval '1 millisecond'";

    /**
     * Deletes ended generations with the rows that reference them. Stores the keys of their image files until the files are deleted. A
     * queue row cannot exist, because the transaction that ends a generation deletes it; the foreign key enforces this.
     */
    static final String DELETE_FINISHED = """
            WITH old AS MATERIALIZED (
              SELECT id, user_id, model, image_count FROM generations WHERE id < %s AND %s
              ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED),
            attempts AS (
              DELETE FROM generation_attempts a USING old WHERE a.generation_id = old.id
              RETURNING old.user_id, old.model, old.image_count, %s),
            rolled_up AS (
              %s),
            notes AS (
              DELETE FROM generation_attempt_purges d USING old WHERE d.generation_id = old.id),
            retries AS (
              DELETE FROM generation_retries r USING old WHERE r.generation_id = old.id),
            deleted_images AS (
              DELETE FROM images i USING old WHERE i.generation_id = old.id RETURNING i.storage_key),
            discarded AS (
              INSERT INTO discarded_images (storage_key) SELECT storage_key FROM deleted_images),
            deleted AS (
              DELETE FROM generations g USING old WHERE g.id = old.id RETURNING g.id)
            SELECT (SELECT count(*) FROM deleted) AS deleted,
              coalesce((SELECT array_agg(storage_key) FROM deleted_images), '{}') AS keys""".formatted(ID_BOUND, FINISHED_BEFORE, UsageSql.ATTEMPT_COLUMNS, ROLL_UP);

    /** Deletes the attempts of ended generations and marks these generations. Deletes all attempts of a generation or none. */
    static final String DELETE_ATTEMPTS = """
            WITH old AS MATERIALIZED (
              SELECT g.id, g.user_id, g.model, g.image_count FROM generations g WHERE g.id IN (
                  SELECT a.generation_id FROM generation_attempts a JOIN generations e ON e.id = a.generation_id
                  WHERE a.generation_id < %s AND e.%s
                  GROUP BY a.generation_id ORDER BY a.generation_id LIMIT $2)
              FOR UPDATE SKIP LOCKED),
            attempts AS (
              DELETE FROM generation_attempts a USING old WHERE a.generation_id = old.id
              RETURNING old.user_id, old.model, old.image_count, %s),
            rolled_up AS (
              %s),
            noted AS (
              INSERT INTO generation_attempt_purges (generation_id) SELECT id FROM old RETURNING generation_id)
            SELECT count(*) AS deleted FROM noted""".formatted(ID_BOUND, FINISHED_BEFORE, UsageSql.ATTEMPT_COLUMNS, ROLL_UP);

    /** Deletes idempotency keys older than {@code $1} ms. */
    static final String DELETE_IDEMPOTENCY_KEYS = """
            WITH old AS MATERIALIZED (
              SELECT user_id, key FROM idempotency_keys
              WHERE created_at < now() - $1::bigint * interval '1 millisecond'
              ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED),
            deleted AS (
              DELETE FROM idempotency_keys k USING old WHERE k.user_id = old.user_id AND k.key = old.key RETURNING 1)
            SELECT count(*) AS deleted FROM deleted""";

    /**
     * Deletes requests to which no retry can attach: their connection broke more than {@code $1} ms ago, or their process expired before
     * then. A waiting connection of a live process keeps its row.
     */
    static final String DELETE_WAITING_REQUESTS = """
            WITH old AS MATERIALIZED (
              SELECT generation_id FROM waiting_requests w
              WHERE disconnected_at < now() - $1::bigint * interval '1 millisecond'
                OR disconnected_at IS NULL AND NOT EXISTS (
                  SELECT FROM nodes n
                  WHERE n.process_id = w.process_id AND n.expires_at > now() - $1::bigint * interval '1 millisecond')
              LIMIT $2 FOR UPDATE OF w SKIP LOCKED),
            deleted AS (
              DELETE FROM waiting_requests w USING old WHERE w.generation_id = old.generation_id RETURNING 1)
            SELECT count(*) AS deleted FROM deleted""";

    /** Deletes stream tickets that expired more than {@code $1} ms ago. */
    static final String DELETE_EXPIRED_TICKETS = """
            WITH old AS MATERIALIZED (
              SELECT hash FROM stream_tickets
              WHERE expires_at < now() - $1::bigint * interval '1 millisecond'
              ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),
            deleted AS (
              DELETE FROM stream_tickets t USING old WHERE t.hash = old.hash RETURNING 1)
            SELECT count(*) AS deleted FROM deleted""";

    /** Deletes callback jobs {@code $1} ms after their deadline, unless the generation is unfinished: it may still look up the result. */
    static final String DELETE_EXPIRED_CALLBACK_JOBS = """
            WITH old AS MATERIALIZED (
              SELECT job_key FROM callback_jobs j
              WHERE deadline < now() - $1::bigint * interval '1 millisecond'
                AND NOT EXISTS (SELECT FROM generation_queue q WHERE q.generation_id = j.generation_id)
              ORDER BY deadline LIMIT $2 FOR UPDATE SKIP LOCKED),
            deleted AS (
              DELETE FROM callback_jobs j USING old WHERE j.job_key = old.job_key RETURNING 1)
            SELECT count(*) AS deleted FROM deleted""";

    /**
     * Deletes uploads that expired {@code $1} ms ago, unless an unfinished generation uses them. Stores the keys of their files until the files
     * are deleted.
     */
    static final String DELETE_EXPIRED_UPLOADS = """
            WITH old AS MATERIALIZED (
              SELECT u.id FROM uploads u
              WHERE expires_at < now() - $1::bigint * interval '1 millisecond'
                AND NOT EXISTS (
                  SELECT FROM upload_uses s JOIN generation_queue q USING (generation_id) WHERE s.upload_id = u.id)
              ORDER BY expires_at LIMIT $2 FOR UPDATE OF u SKIP LOCKED),
            deleted AS (
              DELETE FROM uploads u USING old WHERE u.id = old.id RETURNING u.storage_key),
            discarded AS (
              INSERT INTO discarded_images (storage_key) SELECT storage_key FROM deleted)
            SELECT count(*) AS deleted, coalesce(array_agg(storage_key), '{}') AS keys FROM deleted""";

    /** Deletes ended deliveries older than {@code $1} ms, with their attempts. */
    static final String DELETE_EXPIRED_DELIVERIES = """
            WITH old AS MATERIALIZED (
              SELECT id FROM webhook_deliveries
              WHERE created_at < now() - $1::bigint * interval '1 millisecond' AND status <> 'PENDING'
              ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED),
            deleted AS (
              DELETE FROM webhook_deliveries d USING old WHERE d.id = old.id RETURNING 1)
            SELECT count(*) AS deleted FROM deleted""";

    /**
     * Deletes the ended deliveries of webhooks that were deleted {@code $1} ms ago. A later run deletes pending ones, after they ended.
     */
    static final String DELETE_DELIVERIES_OF_DELETED_WEBHOOKS = """
            WITH old AS MATERIALIZED (
              SELECT d.id FROM webhooks w JOIN webhook_deliveries d ON d.webhook_id = w.id
              WHERE w.deleted_at <= now() - $1::bigint * interval '1 millisecond' AND d.status <> 'PENDING'
              LIMIT $2 FOR UPDATE OF d SKIP LOCKED),
            deleted AS (
              DELETE FROM webhook_deliveries d USING old WHERE d.id = old.id RETURNING 1)
            SELECT count(*) AS deleted FROM deleted""";

    /**
     * Deletes events older than {@code $1} ms that no process publishes any more. While a process has brokers, no event is deleted before it
     * is published, however old it is.
     */
    static final String DELETE_ABANDONED_EVENTS = """
            WITH old AS MATERIALIZED (
              SELECT id FROM event_outbox
              WHERE created_at < now() - $1::bigint * interval '1 millisecond'
                AND NOT EXISTS (SELECT FROM event_publication WHERE active_until > now())
              ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED),
            deleted AS (
              DELETE FROM event_outbox e USING old WHERE e.id = old.id RETURNING 1)
            SELECT count(*) AS deleted FROM deleted""";

    /** Deletes deleted webhooks without deliveries. */
    static final String DELETE_EMPTY_WEBHOOKS = """
            DELETE FROM webhooks w WHERE w.deleted_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id)""";

    /** Deletes subscribers without an acknowledgement in the last {@code $1} ms. */
    static final String DELETE_EXPIRED_SUBSCRIBERS =
            "DELETE FROM subscriber_cursors WHERE updated_at < now() - $1::bigint * interval '1 millisecond'";

    /** Deletes budgets of periods that began more than {@code $1} ms ago and have no reservation. */
    static final String DELETE_EXPIRED_BUDGETS = """
            DELETE FROM budgets WHERE starts_on < ((now() - $1::bigint * interval '1 millisecond') AT TIME ZONE 'UTC')::date AND reserved_micros = 0""";

    /** Selects images deleted more than {@code $1} ms ago whose files may still exist, because a process stopped in between. */
    static final String FIND_DISCARDED_IMAGES = """
            SELECT storage_key FROM discarded_images WHERE discarded_at < now() - $1::bigint * interval '1 millisecond' LIMIT $2""";

    /** Deletes the records of discarded images after their files were deleted. */
    static final String DELETE_DISCARDED_IMAGES = "DELETE FROM discarded_images WHERE storage_key = ANY ($1::text[])";

    /** Selects the storage keys of the given ids of images and uploads that have a row. */
    static final String FIND_KNOWN_IMAGES = """
            SELECT storage_key FROM images WHERE id = ANY ($1::uuid[])
            UNION ALL SELECT storage_key FROM uploads WHERE id = ANY ($1::uuid[])""";

    private RetentionSql() {}
}
