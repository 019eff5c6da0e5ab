package dev.darkroom.erasure;

import java.util.List;

/** Statements that delete a user's rows, each at most $2 of them, so that none holds locks for long. */
final class ErasureSql {
    /** Once more does no harm. */
    static final String REQUEST = "INSERT INTO user_erasures (user_id) VALUES ($1) ON CONFLICT (user_id) DO NOTHING";

    static final String OPEN = "SELECT user_id FROM user_erasures ORDER BY requested_at LIMIT 100";

    /**
     * Ends an erasure. Not before what was let in with a credential that was still cached has arrived: processes cache
     * API keys for 3 s.
     */
    static final String FINISH =
            "DELETE FROM user_erasures WHERE user_id = $1 AND requested_at < now() - interval '5 s' RETURNING user_id";

    static final String IS_OPEN = "SELECT FROM user_erasures WHERE user_id = $1";

    /** Few rows of a user, and what lets requests in goes first. */
    static final List<String> CREDENTIALS =
            List.of("DELETE FROM api_keys WHERE user_id = $1", "DELETE FROM stream_tickets WHERE user_id = $1");

    /**
     * Deletes generations, whatever their state, with all that names them. The queue row goes first, as in every statement
     * that ends a generation, so that no two of them wait for each other. An attempt under way finds no lease and records
     * nothing. One that was being recorded at the same moment makes a foreign key fail; the batch is then repeated.
     */
    static final String GENERATIONS = """
            WITH batch AS MATERIALIZED (
              SELECT id FROM generations WHERE user_id = $1 ORDER BY created_at, id LIMIT $2),
            queue AS (
              DELETE FROM generation_queue q USING batch b WHERE q.generation_id = b.id RETURNING q.generation_id),
            old AS MATERIALIZED (
              SELECT g.id FROM generations g JOIN batch b ON b.id = g.id WHERE (SELECT count(*) FROM queue) >= 0
              FOR UPDATE OF g),
            attempts AS (
              DELETE FROM generation_attempts a USING old WHERE a.generation_id = old.id),
            notes AS (
              DELETE FROM deleted_attempts d USING old WHERE d.generation_id = old.id),
            retries AS (
              DELETE FROM generation_retries r USING old WHERE r.generation_id = old.id),
            told AS (
              DELETE FROM generation_webhooks w USING old WHERE w.generation_id = old.id),
            pictures AS (
              DELETE FROM images i USING old WHERE i.generation_id = old.id RETURNING i.storage_key),
            discarded AS (
              INSERT INTO discarded_images (storage_key) SELECT storage_key FROM pictures),
            deleted AS (
              DELETE FROM generations g USING old WHERE g.id = old.id RETURNING g.id)
            SELECT (SELECT count(*) FROM deleted)::int AS deleted,
              coalesce((SELECT array_agg(storage_key) FROM pictures), '{}') AS keys""";

    /** The files of deleted images are gone too. */
    static final String FILES_DELETED = "DELETE FROM discarded_images WHERE storage_key = ANY ($1::text[])";

    /** Tables of which a user may have many rows. In this order: webhooks are named by their deliveries. */
    static final List<String> BATCHES = List.of("""
            WITH batch AS MATERIALIZED (
              SELECT id FROM webhook_deliveries WHERE user_id = $1 LIMIT $2),
            queue AS (
              DELETE FROM webhook_queue q USING batch b WHERE q.delivery_id = b.id RETURNING q.delivery_id),
            deleted AS (
              DELETE FROM webhook_deliveries d USING batch b
              WHERE d.id = b.id AND (SELECT count(*) FROM queue) >= 0 RETURNING d.id)
            SELECT count(*)::int AS deleted FROM deleted""", """
            WITH deleted AS (
              DELETE FROM webhooks WHERE id IN (SELECT id FROM webhooks WHERE user_id = $1 LIMIT $2) RETURNING id)
            SELECT count(*)::int AS deleted FROM deleted""", """
            WITH deleted AS (
              DELETE FROM notifications WHERE user_id = $1 AND seq IN (
                SELECT seq FROM notifications WHERE user_id = $1 ORDER BY seq LIMIT $2) RETURNING seq)
            SELECT count(*)::int AS deleted FROM deleted""", """
            WITH deleted AS (
              DELETE FROM idempotency_keys WHERE user_id = $1 AND key IN (
                SELECT key FROM idempotency_keys WHERE user_id = $1 LIMIT $2) RETURNING key)
            SELECT count(*)::int AS deleted FROM deleted""", """
            WITH deleted AS (
              DELETE FROM subscriber_cursors WHERE user_id = $1 AND subscriber IN (
                SELECT subscriber FROM subscriber_cursors WHERE user_id = $1 LIMIT $2) RETURNING subscriber)
            SELECT count(*)::int AS deleted FROM deleted""", """
            WITH deleted AS (
              DELETE FROM user_streams WHERE user_id = $1 AND $2::int > 0 RETURNING user_id)
            SELECT count(*)::int AS deleted FROM deleted""", """
            WITH deleted AS (
              DELETE FROM webhook_secrets WHERE user_id = $1 AND $2::int > 0 RETURNING user_id)
            SELECT count(*)::int AS deleted FROM deleted""");

    private ErasureSql() {}
}
