package dev.darkroom.maintenance.doctor;

import static dev.darkroom.maintenance.doctor.ConsistencyCheck.REPORT_ADVICE;
import static dev.darkroom.maintenance.doctor.ConsistencyCheck.ofDeliveries;
import static dev.darkroom.maintenance.doctor.ConsistencyCheck.ofGenerations;

import java.util.List;

/** Invariants of the webhook tables. */
final class WebhookDeliveryChecks {
    private static final String FIND_QUEUE_MISMATCHES = """
            SELECT d.id, 'is PENDING and has no row in the queue' AS what
            FROM webhook_deliveries d
            WHERE d.status = 'PENDING' AND NOT EXISTS (SELECT FROM webhook_queue q WHERE q.delivery_id = d.id)
            UNION ALL
            SELECT q.delivery_id, CASE WHEN d.id IS NULL THEN 'is in the queue and does not exist'
              ELSE 'is ' || d.status || ' and still has a row in the queue' END
            FROM webhook_queue q LEFT JOIN webhook_deliveries d ON d.id = q.delivery_id
            WHERE d.status IS DISTINCT FROM 'PENDING'""";

    /** Finds wrong numbers of successful attempts. Each redelivery may succeed once more. */
    private static final String FIND_SUCCESS_MISMATCHES = """
            SELECT d.id, 'is ' || d.status || ', was redelivered ' || d.redeliveries || ' times and has '
              || coalesce(a.successes, 0) || ' successful attempts' AS what
            FROM webhook_deliveries d LEFT JOIN (
              SELECT delivery_id, count(*) AS successes FROM webhook_attempts WHERE outcome = 'DELIVERED'
              GROUP BY delivery_id) a ON a.delivery_id = d.id
            WHERE coalesce(a.successes, 0) > d.redeliveries + CASE WHEN d.status = 'DELIVERED' THEN 1 ELSE 0 END
              OR d.status = 'DELIVERED' AND coalesce(a.successes, 0) = 0""";

    private static final String FIND_ATTEMPT_MISMATCHES = """
            SELECT d.id, 'counts ' || d.attempts || ' attempts and has ' || coalesce(a.n, 0) || ' recorded, numbered up to '
              || coalesce(a.last, 0) AS what
            FROM webhook_deliveries d LEFT JOIN (
              SELECT delivery_id, count(*) AS n, max(number) AS last FROM webhook_attempts GROUP BY delivery_id) a
              ON a.delivery_id = d.id
            WHERE d.attempts <> coalesce(a.n, 0) OR d.attempts <> coalesce(a.last, 0)
            UNION ALL
            SELECT a.delivery_id, 'has attempt ' || a.number || ' and does not exist'
            FROM webhook_attempts a LEFT JOIN webhook_deliveries d ON d.id = a.delivery_id WHERE d.id IS NULL""";

    /** Checks deliveries created since notifications are complete. */
    private static final String FIND_ORIGIN_MISMATCHES = """
            SELECT d.id, 'delivers notification ' || d.notification_id || ', which '
              || CASE WHEN n.id IS NULL THEN 'does not exist' ELSE 'belongs to ' || n.user_id || ' and not to ' || d.user_id END
              AS what
            FROM webhook_deliveries d CROSS JOIN notification_history_start s
              LEFT JOIN notifications n ON n.id = d.notification_id
            WHERE (n.id IS NULL AND d.created_at >= s.started_at) OR n.user_id <> d.user_id
            UNION ALL
            SELECT d.id, 'goes to webhook ' || d.webhook_id || ', which '
              || CASE WHEN w.id IS NULL THEN 'does not exist' ELSE 'belongs to ' || w.user_id || ' and not to ' || d.user_id END
            FROM webhook_deliveries d LEFT JOIN webhooks w ON w.id = d.webhook_id
            WHERE d.webhook_id IS NOT NULL AND w.user_id IS DISTINCT FROM d.user_id""";

    private static final String FIND_DEAD_LEASES = """
            SELECT q.delivery_id, 'is held by node ' || q.lease_owner || ', which expired or was removed' AS what
            FROM webhook_queue q LEFT JOIN nodes n ON n.id = q.lease_owner
            WHERE q.lease_owner IS NOT NULL
              AND coalesce(n.expires_at, q.attempt_started_at + ? * interval '1 millisecond')
                < now() - ? * interval '1 millisecond'
              AND EXISTS (SELECT FROM nodes w WHERE w.expires_at > now()
                AND w.started_at < now() - ? * interval '1 millisecond')""";

    private static final String FIND_UNDELIVERED_URLS = """
            SELECT o.generation_id, 'ended as ' || g.status || ' and has no delivery to its webhookUrl' AS what
            FROM generation_webhook_urls o JOIN generations g ON g.id = o.generation_id WHERE g.status <> 'PENDING'""";

    private WebhookDeliveryChecks() {}

    /**
     * Returns all checks in the order of the report.
     *
     * @param ttl TTL of a node, in milliseconds
     * @param maxReapDelay time after the expiry of its node within which a lease is recovered, in milliseconds
     */
    static List<ConsistencyCheck> all(long ttl, long maxReapDelay) {
        return List.of(
                ofDeliveries(
                        "I11",
                        "each PENDING delivery has one queue row, no other delivery has any",
                        FIND_QUEUE_MISMATCHES,
                        REPORT_ADVICE),
                ofDeliveries(
                        "I11",
                        "each DELIVERED delivery has a successful attempt, at most one per redelivery",
                        FIND_SUCCESS_MISMATCHES,
                        REPORT_ADVICE),
                ofDeliveries(
                        "I11",
                        "attempt counts and attempt numbers of deliveries have no gaps",
                        FIND_ATTEMPT_MISMATCHES,
                        REPORT_ADVICE),
                ofDeliveries(
                        "I11",
                        "a delivery belongs to the user of its notification and webhook",
                        FIND_ORIGIN_MISMATCHES,
                        REPORT_ADVICE),
                ofDeliveries(
                        "I11",
                        "delivery leases of expired nodes are recovered",
                        FIND_DEAD_LEASES,
                        "No process sends webhooks, or its lease reaper does not work:"
                                + " check DARKROOM_WEBHOOKS_CONCURRENCY and look for \"lease reaper failed\" in the logs.",
                        ttl,
                        maxReapDelay,
                        ttl + maxReapDelay),
                ofGenerations(
                        "I11",
                        "each ended generation has a delivery to its webhookUrl",
                        FIND_UNDELIVERED_URLS,
                        REPORT_ADVICE + " Not a bug if a process of a version without webhooks ended the generation."));
    }
}
