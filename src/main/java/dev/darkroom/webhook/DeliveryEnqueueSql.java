package dev.darkroom.webhook;

/** SQL that creates and requeues deliveries. */
final class DeliveryEnqueueSql {
    /** Partition of deliveries to the URL of a request: hash of user and host, so a dead host does not delay others. */
    private static final String PARTITION_KEY_OF_URL = "md5(user_id || ' ' || split_part(url, '/', 3))::uuid";

    /**
     * Condition of the notifications {@code n} that may have a target. Without webhooks and URLs of requests it reads no row of either
     * table per notification.
     */
    static final String MAY_HAVE_TARGET = """
            (SELECT EXISTS (SELECT FROM webhooks) OR EXISTS (SELECT FROM generation_webhook_urls))
              AND (EXISTS (SELECT FROM generation_webhook_urls o WHERE o.generation_id = n.generation_id)
                OR EXISTS (SELECT FROM webhooks w WHERE w.user_id = n.user_id AND w.deleted_at IS NULL))""";

    /**
     * Selects the notifications with at least one target, and whether the request of the generation named a URL. A webhook created
     * concurrently after this statement may miss the notification and receives the next one.
     */
    static final String SELECT_SUBSCRIBED = """
            SELECT j.n, o.generation_id IS NOT NULL AS once
            FROM jsonb_to_recordset($1::jsonb) AS j (n int, user_id text, type text, generation_id uuid)
            LEFT JOIN generation_webhook_urls o ON o.generation_id = j.generation_id AND j.type = 'generation.ended'
            WHERE o.generation_id IS NOT NULL OR EXISTS (
              SELECT FROM webhooks w WHERE w.user_id = j.user_id AND w.disabled_at IS NULL AND w.deleted_at IS NULL
                AND w.event_types && ARRAY['*', j.type])
            ORDER BY j.n""";

    /**
     * Inserts and enqueues deliveries in the transaction of their notifications: one for each subscribed webhook of the user, and one to
     * the URL that the request of the generation named, in the format of the request. With {@code $2} only for that webhook. An existing delivery of the same
     * notification to the same webhook is not inserted again.
     */
    static final String INSERT_DELIVERIES = """
            WITH given AS MATERIALIZED (
              SELECT * FROM jsonb_to_recordset($1::jsonb) AS j (n int, id uuid, user_id text, type text, generation_id uuid,
                standard text, cloud text, secret text)),
            once AS (
              DELETE FROM generation_webhook_urls o USING given g
              WHERE o.generation_id = g.generation_id AND g.type = 'generation.ended' AND $2::uuid IS NULL
              RETURNING g.n, g.id, g.user_id, g.type, g.generation_id, g.standard, g.secret, o.url, o.format),
            signed AS (
              INSERT INTO user_webhook_secrets (user_id, secret)
              SELECT DISTINCT ON (user_id) user_id, decode(secret, 'base64') FROM once ORDER BY user_id
              ON CONFLICT (user_id) DO NOTHING),
            made AS (
              INSERT INTO webhook_deliveries (webhook_id, url, user_id, notification_id, type, generation_id, format, body)
              SELECT webhook_id, url, user_id, id, type, generation_id, format, convert_to(body, 'UTF8') FROM (
                SELECT g.n, w.id AS webhook_id, NULL AS url, g.user_id, g.id, g.type, g.generation_id, w.format,
                  CASE w.format WHEN 'CLOUDEVENTS' THEN g.cloud ELSE g.standard END AS body
                FROM given g JOIN webhooks w ON w.user_id = g.user_id
                WHERE w.disabled_at IS NULL AND w.deleted_at IS NULL AND w.event_types && ARRAY['*', g.type]
                  AND ($2::uuid IS NULL OR w.id = $2::uuid)
                UNION ALL
                SELECT n, NULL, url, user_id, id, type, generation_id, format, standard FROM once) t
              ORDER BY n
              ON CONFLICT (webhook_id, notification_id) DO NOTHING
              RETURNING id, webhook_id, user_id, url)
            INSERT INTO webhook_queue (delivery_id, partition_key, user_id)
            SELECT id, coalesce(webhook_id, %s), user_id FROM made
            RETURNING delivery_id""".formatted(PARTITION_KEY_OF_URL);

    /**
     * Requeues ended deliveries of an enabled webhook: the delivery {@code $3}, or up to {@code $6} failed ones created after {@code $4}
     * and before {@code $5}, oldest first. The queue row is new: the retry schedule starts again, and its fencing tokens differ from all
     * earlier ones. Row locks keep a concurrent call from requeueing the same delivery twice.
     */
    static final String REQUEUE_ENDED = """
            WITH again AS MATERIALIZED (
              SELECT d.id FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
              WHERE w.id = $1 AND w.user_id = $2 AND w.deleted_at IS NULL AND w.disabled_at IS NULL
                AND CASE WHEN $3::uuid IS NULL
                  THEN d.status = 'FAILED' AND d.created_at > $4::timestamptz AND d.created_at < coalesce($5::timestamptz, now())
                  ELSE d.id = $3::uuid AND d.status <> 'PENDING' END
              ORDER BY d.position LIMIT $6
              FOR UPDATE OF d),
            delivery AS (
              UPDATE webhook_deliveries d SET status = 'PENDING', ended_at = NULL, redeliveries = d.redeliveries + 1
              FROM again a WHERE d.id = a.id AND d.status <> 'PENDING'
              RETURNING d.id, d.webhook_id, d.user_id)
            INSERT INTO webhook_queue (delivery_id, partition_key, user_id) SELECT id, webhook_id, user_id FROM delivery
            RETURNING delivery_id""";

    /** Makes a queued delivery due now. Changes nothing while an attempt is running. */
    static final String MAKE_DUE = """
            UPDATE webhook_queue q SET run_at = now()
            FROM webhook_deliveries d JOIN webhooks w ON w.id = d.webhook_id
            WHERE q.delivery_id = $1 AND d.id = q.delivery_id AND w.id = $2 AND w.user_id = $3 AND q.lease_owner IS NULL
            RETURNING q.delivery_id""";

    /** Selects notifications of a time range without a delivery, because the webhook was disabled at that time. */
    static final String SELECT_MISSED = """
            SELECT n.id, n.user_id, n.seq, n.type, n.generation_id, n.created_at, n.read_at, n.data
            FROM webhooks w JOIN notifications n ON n.user_id = w.user_id
            WHERE w.id = $1 AND w.user_id = $2 AND w.deleted_at IS NULL AND w.disabled_at IS NULL
              AND n.created_at >= w.created_at AND n.created_at > $3::timestamptz AND n.created_at < coalesce($4::timestamptz, now())
              AND w.event_types && ARRAY['*', n.type]
              AND NOT (n.type = 'webhook.disabled' AND n.data ->> 'webhookId' = w.id::text)
              AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.webhook_id = w.id AND d.notification_id = n.id)
            ORDER BY n.seq LIMIT $5""";

    private DeliveryEnqueueSql() {}
}
