package dev.darkroom.maintenance.doctor;

import static dev.darkroom.maintenance.doctor.ConsistencyCheck.ofDeliveries;
import static dev.darkroom.maintenance.doctor.ConsistencyCheck.ofGenerations;

import java.util.List;

/** What must hold in the tables of webhooks. */
final class WebhookDeliveryChecks {
    private static final String FIND_QUEUE_MISMATCHES = """
            SELECT d.id, 'is PENDING and has no row in the queue' AS what
            FROM webhook_deliveries d
            WHERE d.status = 'PENDING' AND NOT EXISTS (SELECT FROM webhook_queue q WHERE q.delivery_id = d.id)
            UNION ALL
            SELECT q.delivery_id, CASE WHEN d.id IS NULL THEN 'is in the queue and has no record'
              ELSE 'is ' || d.status || ' and still has a row in the queue' END
            FROM webhook_queue q LEFT JOIN webhook_deliveries d ON d.id = q.delivery_id
            WHERE d.status IS DISTINCT FROM 'PENDING'""";

    /** Who has one sent again after its end may get it once more each time. */
    private static final String FIND_SUCCESS_MISMATCHES = """
            SELECT d.id, 'is ' || d.status || ', was sent again ' || d.redeliveries || ' times and has '
              || coalesce(a.successes, 0) || ' attempts that delivered' AS what
            FROM webhook_deliveries d LEFT JOIN (
              SELECT delivery_id, count(*) AS successes FROM webhook_attempts WHERE outcome = 'DELIVERED'
              GROUP BY delivery_id) a ON a.delivery_id = d.id
            WHERE coalesce(a.successes, 0) > d.redeliveries + CASE WHEN d.status = 'DELIVERED' THEN 1 ELSE 0 END
              OR d.status = 'DELIVERED' AND coalesce(a.successes, 0) = 0""";

    private static final String FIND_ATTEMPT_MISMATCHES = """
            SELECT d.id, 'says ' || d.attempts || ' attempts and has ' || coalesce(a.n, 0) || ' on record, numbered up to '
              || coalesce(a.last, 0) AS what
            FROM webhook_deliveries d LEFT JOIN (
              SELECT delivery_id, count(*) AS n, max(number) AS last FROM webhook_attempts GROUP BY delivery_id) a
              ON a.delivery_id = d.id
            WHERE d.attempts <> coalesce(a.n, 0) OR d.attempts <> coalesce(a.last, 0)
            UNION ALL
            SELECT a.delivery_id, 'has attempt ' || a.number || ' and no record'
            FROM webhook_attempts a LEFT JOIN webhook_deliveries d ON d.id = a.delivery_id WHERE d.id IS NULL""";

    /** As far back as notifications are kept. */
    private static final String FIND_ORIGIN_MISMATCHES = """
            SELECT d.id, 'delivers notification ' || d.notification_id || ', which '
              || CASE WHEN n.id IS NULL THEN 'is not there' ELSE 'was told to ' || n.user_id || ' and not to ' || d.user_id END
              AS what
            FROM webhook_deliveries d CROSS JOIN notification_history_start s
              LEFT JOIN notifications n ON n.id = d.notification_id
            WHERE (n.id IS NULL AND d.created_at >= s.started_at) OR n.user_id <> d.user_id
            UNION ALL
            SELECT d.id, 'goes to webhook ' || d.webhook_id || ', which '
              || CASE WHEN w.id IS NULL THEN 'is not there' ELSE 'is of ' || w.user_id || ' and not of ' || d.user_id END
            FROM webhook_deliveries d LEFT JOIN webhooks w ON w.id = d.webhook_id
            WHERE d.webhook_id IS NOT NULL AND w.user_id IS DISTINCT FROM d.user_id""";

    private static final String FIND_DEAD_LEASES = """
            SELECT q.delivery_id, 'is held by node ' || q.lease_owner || ', which is dead or gone' AS what
            FROM webhook_queue q LEFT JOIN nodes n ON n.id = q.lease_owner
            WHERE q.lease_owner IS NOT NULL
              AND coalesce(n.expires_at, q.attempt_started_at + ? * interval '1 millisecond')
                < now() - ? * interval '1 millisecond'
              AND EXISTS (SELECT FROM nodes w WHERE w.expires_at > now()
                AND w.started_at < now() - ? * interval '1 millisecond')""";

    private static final String FIND_UNDELIVERED_URLS = """
            SELECT o.generation_id, 'has ended ' || g.status || ' and its webhookUrl still waits' AS what
            FROM generation_webhook_urls o JOIN generations g ON g.id = o.generation_id WHERE g.status <> 'PENDING'""";

    private static final String REPORT_ADVICE =
            "This is a bug, or somebody wrote to the tables by hand; please report it.";

    private WebhookDeliveryChecks() {}

    /**
     * All of them.
     *
     * @param ttl of a node, in milliseconds
     * @param late how long after its node's death a lease may still be there
     */
    static List<ConsistencyCheck> all(long ttl, long late) {
        return List.of(
                ofDeliveries(
                        "I9",
                        "a delivery that is PENDING is in the queue, no other is",
                        FIND_QUEUE_MISMATCHES,
                        REPORT_ADVICE),
                ofDeliveries(
                        "I9",
                        "what is DELIVERED has an attempt that delivered, and one for each time",
                        FIND_SUCCESS_MISMATCHES,
                        REPORT_ADVICE),
                ofDeliveries(
                        "I9",
                        "attempts to deliver are counted and numbered without a gap",
                        FIND_ATTEMPT_MISMATCHES,
                        REPORT_ADVICE),
                ofDeliveries(
                        "I9",
                        "a delivery is of a notification and to a webhook of its own user",
                        FIND_ORIGIN_MISMATCHES,
                        REPORT_ADVICE),
                ofDeliveries(
                        "I9",
                        "the deliveries of a dead node are taken back",
                        FIND_DEAD_LEASES,
                        "No process sends, or it does not sweep: look for DARKROOM_WEBHOOKS_CONCURRENCY and \"lease reaper failed\".",
                        ttl,
                        late,
                        ttl + late),
                ofGenerations(
                        "I9",
                        "where a request had its end told is told with the end",
                        FIND_UNDELIVERED_URLS,
                        REPORT_ADVICE + " Unless a process of a version without webhooks ended it."));
    }
}
