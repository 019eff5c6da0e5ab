package dev.darkroom.webhook;

import dev.darkroom.queue.LeasedQueueSql;
import java.util.List;

/**
 * SQL of the webhook sender. Every transition is conditional on the node id and fencing token of the lease that it ends, see
 * {@link LeasedQueueSql}: a statement with an outdated lease changes no row. Timestamps come from the database clock.
 */
public final class WebhookDeliverySql {
    /** SQL fragments shared by every leased queue. */
    static final LeasedQueueSql QUEUE_SQL = new LeasedQueueSql("webhook_queue", "delivery_id", List.of());

    /** Returns whether a delivery waits for its next attempt, due or not. Reads one index entry. */
    static final String HAS_WAITING = "SELECT EXISTS (SELECT FROM webhook_queue WHERE lease_owner IS NULL) AS waiting";

    /**
     * Serializes claims. A claim counts the running attempts of each receiver; two concurrent claims would not see each other's leases
     * and could exceed the limit. Must run as its own statement before the claim, so that the snapshot of the claim is taken after the
     * lock was granted.
     */
    static final String LOCK_CLAIMS = "SELECT pg_advisory_xact_lock(hashtextextended('darkroom webhook claims', 0))";

    /**
     * Claims due deliveries for a live node. At most {@code $4} attempts per partition (partition_key) and {@code $5} per user run at once, and
     * users with the fewest running attempts come first; so a slow receiver or a long backlog does not delay other receivers. A loose
     * index scan finds the first due delivery of each partition, so the cost does not depend on the length of a partition. {@code = ANY}
     * finds the claimed rows by their keys in every plan, also in one for an empty queue; a condition on the owner could find them by
     * reading the index of waiting rows.
     */
    static final String CLAIM_DUE = """
            WITH RECURSIVE partitions AS (
              (SELECT partition_key, run_at FROM webhook_queue WHERE lease_owner IS NULL ORDER BY partition_key, run_at LIMIT 1)
              UNION ALL
              SELECT n.partition_key, n.run_at FROM partitions l CROSS JOIN LATERAL (
                SELECT q.partition_key, q.run_at FROM webhook_queue q WHERE q.lease_owner IS NULL AND q.partition_key > l.partition_key
                ORDER BY q.partition_key, q.run_at LIMIT 1) n),
            taken AS MATERIALIZED (
              SELECT partition_key, user_id, count(*) AS n FROM webhook_queue WHERE lease_owner IS NOT NULL GROUP BY partition_key, user_id),
            due AS (
              SELECT own.*, row_number() OVER (PARTITION BY own.user_id ORDER BY own.nth, own.run_at)
                + coalesce((SELECT sum(t.n) FROM taken t WHERE t.user_id = own.user_id), 0) AS turn
              FROM partitions l CROSS JOIN LATERAL (
                SELECT q.delivery_id, q.user_id, q.run_at, row_number() OVER (ORDER BY q.run_at) AS nth FROM webhook_queue q
                WHERE q.partition_key = l.partition_key AND q.lease_owner IS NULL AND q.run_at <= now() ORDER BY q.run_at
                LIMIT greatest($4::bigint - coalesce((SELECT sum(t.n) FROM taken t WHERE t.partition_key = l.partition_key), 0)::bigint, 0)) own
              WHERE l.run_at <= now()),
            picked AS MATERIALIZED (
              SELECT delivery_id FROM due WHERE turn <= $5::bigint AND %s
              ORDER BY turn, run_at LIMIT $2),
            claimed AS (
              UPDATE webhook_queue q SET %s, attempt_deadline = now() + $3::bigint * interval '1 millisecond'
              WHERE q.delivery_id = ANY (ARRAY(SELECT delivery_id FROM picked)) AND q.attempt_started_at IS NULL
              RETURNING q.*)
            SELECT c.delivery_id, c.lease_owner, c.lease_token, c.failures, d.attempts, d.webhook_id, d.notification_id,
              d.generation_id, d.format, d.body, coalesce(w.url, d.url) AS url,
              coalesce(w.secret, s.secret) AS secret,
              CASE WHEN coalesce(w.previous_secret_expires_at, s.previous_secret_expires_at) > now()
                THEN coalesce(w.previous_secret, s.previous_secret) END AS previous_secret,
              extract(epoch FROM c.attempt_started_at)::bigint AS sent_at,
              (extract(epoch FROM now() - w.failing_since) * 1000)::bigint AS failing_ms,
              w.disabled_at IS NOT NULL OR w.deleted_at IS NOT NULL AS disabled,
              g.traceparent, g.tracestate, (extract(epoch FROM now() - c.run_at) * 1000)::bigint AS waited
            FROM claimed c
              JOIN webhook_deliveries d ON d.id = c.delivery_id AND d.id = ANY (ARRAY(SELECT delivery_id FROM picked))
              LEFT JOIN webhooks w ON w.id = d.webhook_id
              LEFT JOIN LATERAL (SELECT traceparent, tracestate FROM generations WHERE id = d.generation_id OFFSET 0) g ON true
              LEFT JOIN user_webhook_secrets s ON d.webhook_id IS NULL AND s.user_id = d.user_id""".formatted(LeasedQueueSql.NODE_IS_ALIVE, LeasedQueueSql.ASSIGN_LEASE);

    /** Records a successful attempt, ends the delivery and clears the failing time of the webhook. Fenced. */
    static final String MARK_DELIVERED = """
            WITH ended AS (
              DELETE FROM webhook_queue WHERE %s RETURNING *),
            delivery AS (
              UPDATE webhook_deliveries d SET status = 'DELIVERED', ended_at = now(), attempts = d.attempts + 1
              FROM ended e WHERE d.id = e.delivery_id RETURNING d.id, d.webhook_id, d.attempts),
            well AS (
              UPDATE webhooks w SET failing_since = NULL
              FROM delivery d WHERE w.id = d.webhook_id AND w.failing_since IS NOT NULL)
            INSERT INTO webhook_attempts (delivery_id, number, lease_token, node_id, started_at, finished_at, outcome, http_status)
            SELECT d.id, d.attempts, e.lease_token, e.lease_owner, e.attempt_started_at, now(), 'DELIVERED', $4
            FROM ended e JOIN delivery d ON d.id = e.delivery_id
            RETURNING number, retry_at""".formatted(QUEUE_SQL.tokenCondition());

    /**
     * Records a failed attempt and requeues the delivery with a delay, in one statement, so that a crash leaves both or neither. Fenced.
     * {@code $5} is added to the failure count; {@code $9} is true if the attempt counts as a failure of the webhook.
     */
    static final String REQUEUE_AFTER_FAILURE = """
            WITH held AS (
              SELECT * FROM webhook_queue WHERE %s FOR UPDATE),
            requeued AS (
              UPDATE webhook_queue q SET %s, run_at = now() + $4::bigint * interval '1 millisecond', failures = q.failures + $5
              FROM held h WHERE q.delivery_id = h.delivery_id RETURNING q.run_at),
            delivery AS (
              UPDATE webhook_deliveries d SET attempts = d.attempts + 1
              FROM held h WHERE d.id = h.delivery_id RETURNING d.id, d.webhook_id, d.attempts),
            failing AS (
              UPDATE webhooks w SET failing_since = h.attempt_started_at
              FROM delivery d, held h WHERE $9 AND w.id = d.webhook_id AND w.failing_since IS NULL)
            INSERT INTO webhook_attempts (delivery_id, number, lease_token, node_id, started_at, finished_at, outcome, http_status,
              error_code, retry_at)
            SELECT d.id, d.attempts, h.lease_token, h.lease_owner, h.attempt_started_at, now(), $6, $7, $8, r.run_at
            FROM held h, delivery d, requeued r
            RETURNING number, retry_at""".formatted(QUEUE_SQL.tokenCondition(), QUEUE_SQL.clearLease());

    /** Records the last failed attempt and ends the delivery. Fenced. {@code $7} is true if it counts as a failure of the webhook. */
    static final String MARK_FAILED = """
            WITH ended AS (
              DELETE FROM webhook_queue WHERE %s RETURNING *),
            delivery AS (
              UPDATE webhook_deliveries d SET status = 'FAILED', ended_at = now(), attempts = d.attempts + 1
              FROM ended e WHERE d.id = e.delivery_id RETURNING d.id, d.webhook_id, d.attempts),
            failing AS (
              UPDATE webhooks w SET failing_since = e.attempt_started_at
              FROM delivery d, ended e WHERE $7 AND w.id = d.webhook_id AND w.failing_since IS NULL)
            INSERT INTO webhook_attempts (delivery_id, number, lease_token, node_id, started_at, finished_at, outcome, http_status,
              error_code)
            SELECT d.id, d.attempts, e.lease_token, e.lease_owner, e.attempt_started_at, now(), $4, $5, $6
            FROM ended e JOIN delivery d ON d.id = e.delivery_id
            RETURNING number, retry_at""".formatted(QUEUE_SQL.tokenCondition());

    /** Ends a claimed delivery without an attempt, because its webhook is disabled or deleted. Fenced. */
    static final String DROP_CLAIMED = """
            WITH ended AS (
              DELETE FROM webhook_queue WHERE %s RETURNING delivery_id)
            UPDATE webhook_deliveries d SET status = 'FAILED', ended_at = now() FROM ended e WHERE d.id = e.delivery_id
            RETURNING d.id""".formatted(QUEUE_SQL.tokenCondition());

    /**
     * Disables a webhook unless it is disabled already. With {@code $3} only if it has failed for that many milliseconds without a
     * success; checking this in the statement covers a success that was committed concurrently.
     */
    static final String DISABLE_WEBHOOK = """
            UPDATE webhooks SET disabled_at = now(), disabled_reason = $2
            WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL
              AND ($3::bigint IS NULL OR failing_since <= now() - $3::bigint * interval '1 millisecond')
            RETURNING user_id""";

    /**
     * Ends the queued deliveries of a webhook. Running attempts continue. A delivery that is requeued later, or is claimed concurrently,
     * is dropped by {@link #DROP_CLAIMED} after its next claim.
     */
    public static final String DROP_QUEUED = """
            WITH dropped AS (
              DELETE FROM webhook_queue WHERE partition_key = $1 AND lease_owner IS NULL RETURNING delivery_id)
            UPDATE webhook_deliveries d SET status = 'FAILED', ended_at = now() FROM dropped q WHERE d.id = q.delivery_id""";

    /** Adjusts queue times after a step of the database clock, see {@link LeasedQueueSql#shiftTimesStatement}. */
    static final String ADJUST_AFTER_CLOCK_STEP = QUEUE_SQL.shiftTimesStatement("");

    /** Selects abandoned deliveries with the columns that decide between retry and failure. */
    static final String SELECT_ABANDONED = QUEUE_SQL.findAbandonedStatement(
            "q.failures, d.attempts, d.webhook_id, d.notification_id, d.generation_id",
            "JOIN webhook_deliveries d ON d.id = q.delivery_id");

    /** Selects whether the attempt of a lease was recorded with this outcome. */
    static final String SELECT_RECORDED_OUTCOME =
            "SELECT outcome FROM webhook_attempts WHERE delivery_id = $1 AND lease_token = $2 AND outcome = $3";

    private WebhookDeliverySql() {}
}
