package dev.darkroom.maintenance;

import dev.darkroom.usage.BudgetSql;
import dev.darkroom.usage.UsageSql;
import java.util.List;

/**
 * SQL that erases a user. Each statement deletes at most {@code $2} rows, so that none holds locks for long. Every statement is
 * idempotent, so any process may repeat it.
 */
final class ErasureSql {
    /** Stores the request. Repeating it has no effect. */
    static final String INSERT_REQUEST =
            "INSERT INTO user_erasures (user_id) VALUES ($1) ON CONFLICT (user_id) DO NOTHING";

    /** Selects up to 100 users with an unfinished erasure, oldest first. */
    static final String FIND_UNFINISHED = "SELECT user_id FROM user_erasures ORDER BY requested_at LIMIT 100";

    /**
     * Finishes an erasure if no attempts or image files are left, at the earliest 5 s after the request. Processes cache API keys for
     * 3 s, so requests with a deleted key may still create rows after the first passes.
     */
    static final String DELETE_FINISHED = """
            DELETE FROM user_erasures WHERE user_id = $1 AND requested_at < now() - interval '5 s'
              AND NOT EXISTS (SELECT FROM erased_attempts WHERE user_id = $1)
              AND NOT EXISTS (SELECT FROM erased_images WHERE user_id = $1)
            RETURNING user_id""";

    /** Selects a row if the erasure of a user is unfinished. */
    static final String CHECK_UNFINISHED = "SELECT FROM user_erasures WHERE user_id = $1";

    /** Delete the user's credentials; they come first, to stop further requests. Not batched, because there are few rows. */
    static final List<String> DELETE_CREDENTIALS =
            List.of("DELETE FROM api_keys WHERE user_id = $1", "DELETE FROM stream_tickets WHERE user_id = $1");

    /**
     * Deletes generations in any state, with the rows that reference them. Deletes the queue row first, like every statement that ends a
     * generation, to avoid deadlocks. A running attempt loses its lease and records nothing. An attempt recorded concurrently violates a
     * foreign key; the caller then repeats the batch. Adds the attempts, also the running ones, to the usage of erased users. Stores the
     * image files to delete, and the attempts that may have left files or may still write some.
     */
    static final String DELETE_GENERATIONS = """
            WITH batch AS MATERIALIZED (
              SELECT id, model, image_count FROM generations WHERE user_id = $1 ORDER BY created_at, id LIMIT $2),
            queue AS (
              DELETE FROM generation_queue q USING batch b WHERE q.generation_id = b.id
              RETURNING q.generation_id, q.lease_token, q.lease_owner, q.attempt_started_at, q.attempt_backend, q.attempt_selection,
                q.attempt_cost, q.reserved_budgets, b.model, b.image_count),
            old AS MATERIALIZED (
              SELECT g.id, g.model, g.image_count FROM generations g JOIN batch b ON b.id = g.id
              WHERE (SELECT count(*) FROM queue) >= 0
              FOR UPDATE OF g),
            attempts AS (
              DELETE FROM generation_attempts a USING old WHERE a.generation_id = old.id
              RETURNING a.generation_id, a.lease_token, a.node_id, old.model, old.image_count, %s),
            used AS (
              SELECT started_at, backend, submitted, outcome, error_class, cost_micros, cost_source, model, image_count FROM attempts
              UNION ALL
              SELECT attempt_started_at, attempt_backend, attempt_selection <> 'LOOK_UP' OR attempt_cost IS NOT NULL, 'INTERRUPTED',
                'AMBIGUOUS', attempt_cost, CASE WHEN attempt_cost IS NOT NULL THEN 'CONFIGURED' END, model, image_count
              FROM queue WHERE lease_owner IS NOT NULL),
            rolled_up AS (
              %s),
            %s,
            under_way AS (
              INSERT INTO erased_attempts (generation_id, lease_token, node_id, user_id, image_count)
              SELECT generation_id, lease_token, lease_owner, $1, image_count FROM queue WHERE lease_owner IS NOT NULL
              UNION ALL
              SELECT generation_id, lease_token, node_id, $1, image_count FROM attempts WHERE outcome <> 'SUCCEEDED'
              ON CONFLICT DO NOTHING),
            notes AS (
              DELETE FROM generation_attempt_purges d USING old WHERE d.generation_id = old.id),
            retries AS (
              DELETE FROM generation_retries r USING old WHERE r.generation_id = old.id),
            webhook_urls AS (
              DELETE FROM generation_webhook_urls w USING old WHERE w.generation_id = old.id),
            deleted_images AS (
              DELETE FROM images i USING old WHERE i.generation_id = old.id RETURNING i.storage_key),
            files AS (
              INSERT INTO erased_images (storage_key, user_id) SELECT storage_key, $1 FROM deleted_images
              ON CONFLICT DO NOTHING),
            deleted AS (
              DELETE FROM generations g USING old WHERE g.id = old.id RETURNING g.id)
            SELECT count(*)::int AS deleted FROM deleted""".formatted(
                    UsageSql.ATTEMPT_COLUMNS, UsageSql.rollUp("''", "used"), BudgetSql.settle("attempt_cost", "queue"));

    /** Selects storage keys of erased images whose files may still exist. */
    static final String FIND_ERASED_IMAGES = "SELECT storage_key FROM erased_images WHERE user_id = $1 LIMIT $2";

    /** Deletes the records of erased images after their files were deleted. */
    static final String DELETE_ERASED_IMAGES = "DELETE FROM erased_images WHERE storage_key = ANY ($1::text[])";

    /** Selects attempts that write no more files, because their node recorded their end or expired. */
    static final String FIND_ENDED_ATTEMPTS = """
            SELECT generation_id, node_id, lease_token, image_count FROM erased_attempts e
            WHERE user_id = $1
              AND (ended OR NOT EXISTS (SELECT FROM nodes n WHERE n.id = e.node_id AND n.expires_at > now()))
            LIMIT $2""";

    /** Deletes the records of attempts after their files were deleted. */
    static final String DELETE_ERASED_ATTEMPTS = """
            DELETE FROM erased_attempts e USING unnest($1::uuid[], $2::bigint[]) AS done (generation_id, token)
            WHERE e.generation_id = done.generation_id AND e.lease_token = done.token""";

    /** Counts the attempts that may still write files. */
    static final String COUNT_ERASED_ATTEMPTS =
            "SELECT count(*)::int AS attempts FROM erased_attempts WHERE user_id = $1";

    /** Delete the remaining rows, in this order, because deliveries reference webhooks. */
    static final List<String> DELETE_OTHER_ROWS = List.of(
            """
            WITH batch AS MATERIALIZED (
              SELECT id FROM webhook_deliveries WHERE user_id = $1 LIMIT $2),
            queue AS (
              DELETE FROM webhook_queue q USING batch b WHERE q.delivery_id = b.id RETURNING q.delivery_id),
            deleted AS (
              DELETE FROM webhook_deliveries d USING batch b
              WHERE d.id = b.id AND (SELECT count(*) FROM queue) >= 0 RETURNING d.id)
            SELECT count(*)::int AS deleted FROM deleted""",
            UsageSql.anonymize(),
            // Waits for uploads that are being inserted, so that the next statement finds them.
            deleteRows("pending_uploads", "id"),
            // The files follow, see FIND_ERASED_IMAGES.
            """
            WITH deleted AS (
              DELETE FROM uploads WHERE user_id = $1 AND id IN (
                SELECT id FROM uploads WHERE user_id = $1 ORDER BY id LIMIT $2) RETURNING storage_key),
            files AS (
              INSERT INTO erased_images (storage_key, user_id) SELECT storage_key, $1 FROM deleted
              ON CONFLICT DO NOTHING)
            SELECT count(*)::int AS deleted FROM deleted""",
            """
            WITH deleted AS (
              DELETE FROM budgets WHERE id IN (
                SELECT id FROM budgets WHERE scope = 'USER' AND owner = $1 ORDER BY id LIMIT $2) RETURNING id)
            SELECT count(*)::int AS deleted FROM deleted""",
            deleteRows("webhooks", "id"),
            deleteRows("notifications", "seq"),
            deleteRows("event_outbox", "id"),
            deleteRows("idempotency_keys", "key"),
            deleteRows("subscriber_cursors", "subscriber"),
            deleteRows("user_streams", "user_id"),
            deleteRows("user_webhook_secrets", "user_id"),
            // A backend stays drained when the admin that drained it is erased.
            """
            WITH cleared AS (
              UPDATE drained_backends SET drained_by = NULL WHERE name IN (
                SELECT name FROM drained_backends WHERE drained_by = $1 ORDER BY name LIMIT $2) RETURNING name)
            SELECT count(*)::int AS deleted FROM cleared""");

    private ErasureSql() {}

    /** @param key column that, with the user, identifies a row */
    private static String deleteRows(String table, String key) {
        return """
            WITH deleted AS (
              DELETE FROM %1$s WHERE user_id = $1 AND %2$s IN (
                SELECT %2$s FROM %1$s WHERE user_id = $1 ORDER BY %2$s LIMIT $2) RETURNING %2$s)
            SELECT count(*)::int AS deleted FROM deleted""".formatted(table, key);
    }
}
