package dev.darkroom.webhook.command;

/** What callers' commands do to endpoints. Each names its user, and finds nothing of another's. */
final class WebhookSql {
    private static final String OWNED_BY_USER = "id = $1 AND user_id = $2 AND deleted_at IS NULL";

    private static final String TIMESTAMP_FORMAT = "'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"'";

    private static final String COLUMNS =
            "id, url, event_types, format, description, previous_until, failing_since, disabled_at, disabled_reason, created_at";

    /** One user's endpoints are made one after the other, so that their number is exact. A statement of its own, before the other. */
    static final String LOCK_USER_WEBHOOKS =
            "SELECT pg_advisory_xact_lock(hashtextextended('darkroom webhooks of ' || $1, 0))";

    /** No row when the user has as many as may be, $8. */
    static final String INSERT = """
            INSERT INTO webhooks (id, user_id, url, event_types, format, description, secret)
            SELECT $1, $2, $3, $4, $5, $6, $7
            WHERE (SELECT count(*) FROM webhooks WHERE user_id = $2 AND deleted_at IS NULL) < $8
            RETURNING """ + " " + COLUMNS;

    /** A page, the oldest first: up to $3 endpoints after the endpoint $2, or from the first where $2 is null. */
    static final String SELECT_PAGE = "SELECT " + COLUMNS + " FROM webhooks WHERE user_id = $1 AND deleted_at IS NULL"
            + " AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3";

    static final String SELECT_BY_ID = "SELECT " + COLUMNS + " FROM webhooks WHERE " + OWNED_BY_USER;

    /** What is null stays as it is. What waits is sent to where the endpoint is then. */
    static final String UPDATE = """
            UPDATE webhooks SET url = coalesce($3, url), event_types = coalesce($4::text[], event_types),
              format = coalesce($5, format), description = coalesce($6, description)
            WHERE %s RETURNING %s""".formatted(OWNED_BY_USER, COLUMNS);

    /** Hidden from now on; see V9. */
    static final String MARK_DELETED =
            "UPDATE webhooks SET deleted_at = now() WHERE " + OWNED_BY_USER + " RETURNING id";

    static final String ENABLE = """
            UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL, failing_since = NULL
            WHERE %s RETURNING %s""".formatted(OWNED_BY_USER, COLUMNS);

    static final String DISABLE = """
            UPDATE webhooks SET disabled_at = coalesce(disabled_at, now()), disabled_reason = coalesce(disabled_reason, 'BY_HAND')
            WHERE %s RETURNING %s""".formatted(OWNED_BY_USER, COLUMNS);

    /** The one before signs on for so many milliseconds; of two changes in that time the older secret is forgotten at once. */
    static final String ROTATE_WEBHOOK_SECRET = """
            UPDATE webhooks SET previous_secret = secret, previous_until = now() + $4::bigint * interval '1 millisecond', secret = $3
            WHERE %s RETURNING %s""".formatted(OWNED_BY_USER, COLUMNS);

    /** What a test is signed with and sent to. */
    static final String SELECT_TEST_TARGET = """
            SELECT url, format, secret, CASE WHEN previous_until > now() THEN previous_secret END AS previous_secret,
              extract(epoch FROM now())::bigint AS sent_at, to_char(now() AT TIME ZONE 'UTC', %s) AS at
            FROM webhooks WHERE %s""".formatted(TIMESTAMP_FORMAT, OWNED_BY_USER);

    /** The secret of a user, which is made when it is wanted for the first time. */
    static final String SELECT_OR_CREATE_USER_SECRET = """
            WITH made AS (
              INSERT INTO webhook_secrets (user_id, secret) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING
              RETURNING secret, previous_until)
            SELECT secret, previous_until FROM made
            UNION ALL SELECT secret, previous_until FROM webhook_secrets WHERE user_id = $1 LIMIT 1""";

    static final String ROTATE_USER_SECRET = """
            INSERT INTO webhook_secrets AS s (user_id, secret) VALUES ($1, $2)
            ON CONFLICT (user_id) DO UPDATE SET previous_secret = s.secret,
              previous_until = now() + $3::bigint * interval '1 millisecond', secret = excluded.secret
            RETURNING secret, previous_until""";

    /** What a delivery is told as, with every attempt. */
    private static final String DELIVERY_COLUMNS = """
            SELECT d.position, json_strip_nulls(json_build_object(
              'id', d.id, 'notificationId', d.notification_id, 'type', d.type, 'generationId', d.generation_id,
              'status', d.status, 'createdAt', to_char(d.created_at AT TIME ZONE 'UTC', %1$s),
              'endedAt', to_char(d.ended_at AT TIME ZONE 'UTC', %1$s),
              'nextAttemptAt', (SELECT to_char(q.run_at AT TIME ZONE 'UTC', %1$s) FROM webhook_queue q
                WHERE q.delivery_id = d.id AND q.lease_owner IS NULL),
              'attempts', coalesce((
                SELECT json_agg(json_build_object(
                  'number', a.number, 'startedAt', to_char(a.started_at AT TIME ZONE 'UTC', %1$s),
                  'finishedAt', to_char(a.finished_at AT TIME ZONE 'UTC', %1$s), 'outcome', a.outcome,
                  'httpStatus', a.http_status, 'code', a.error_code,
                  'retryAt', to_char(a.retry_at AT TIME ZONE 'UTC', %1$s)) ORDER BY a.number)
                FROM webhook_attempts a WHERE a.delivery_id = d.id), '[]'::json))) AS told
            FROM webhook_deliveries d
            """.formatted(TIMESTAMP_FORMAT);

    /** A page of what was and is to be delivered to an endpoint, the newest first. */
    static final String SELECT_DELIVERIES = DELIVERY_COLUMNS + """
            WHERE d.webhook_id = $1 AND ($2::text IS NULL OR d.status = $2)
              AND d.position < coalesce($3::bigint, 9223372036854775807)
            ORDER BY d.position DESC LIMIT $4""";

    static final String SELECT_DELIVERY = DELIVERY_COLUMNS + "WHERE d.webhook_id = $1 AND d.id = $2";

    private WebhookSql() {}
}
