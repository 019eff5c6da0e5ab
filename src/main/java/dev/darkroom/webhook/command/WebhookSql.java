package dev.darkroom.webhook.command;

/** SQL of the webhook commands. Statements on webhooks filter by owner, so a user cannot reach the webhooks of others. */
final class WebhookSql {
    private static final String OWNED_BY_USER = "id = $1 AND user_id = $2 AND deleted_at IS NULL";

    private static final String COLUMNS =
            "id, url, event_types, format, description, previous_secret_expires_at, failing_since, disabled_at, disabled_reason, created_at";

    /**
     * Serializes the creation of webhooks per user, so that the count in {@link #INSERT} is exact. Must run as its own statement before,
     * so that the snapshot of the insert is taken after the lock was granted.
     */
    static final String LOCK_USER_WEBHOOKS =
            "SELECT pg_advisory_xact_lock(hashtextextended('darkroom webhooks of ' || $1, 0))";

    /** Inserts a webhook. Returns no row if the user already has {@code $8} webhooks. */
    static final String INSERT = """
            INSERT INTO webhooks (id, user_id, url, event_types, format, description, secret)
            SELECT $1, $2, $3, $4, $5, $6, $7
            WHERE (SELECT count(*) FROM webhooks WHERE user_id = $2 AND deleted_at IS NULL) < $8
            RETURNING """ + " " + COLUMNS;

    /** Selects up to {@code $3} webhooks after the id {@code $2}, oldest first; from the first if {@code $2} is null. */
    static final String SELECT_PAGE = "SELECT " + COLUMNS + " FROM webhooks WHERE user_id = $1 AND deleted_at IS NULL"
            + " AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3";

    static final String SELECT_BY_ID = "SELECT " + COLUMNS + " FROM webhooks WHERE " + OWNED_BY_USER;

    /** Updates the columns whose parameter is not null. Queued deliveries use the new URL, because it is read at the claim. */
    static final String UPDATE = """
            UPDATE webhooks SET url = coalesce($3, url), event_types = coalesce($4::text[], event_types),
              format = coalesce($5, format), description = coalesce($6, description)
            WHERE %s RETURNING %s""".formatted(OWNED_BY_USER, COLUMNS);

    /** Marks a webhook as deleted, which hides it. The row stays until the retention task has deleted its deliveries. */
    static final String MARK_DELETED =
            "UPDATE webhooks SET deleted_at = now() WHERE " + OWNED_BY_USER + " RETURNING id";

    static final String ENABLE = """
            UPDATE webhooks SET disabled_at = NULL, disabled_reason = NULL, failing_since = NULL
            WHERE %s RETURNING %s""".formatted(OWNED_BY_USER, COLUMNS);

    static final String DISABLE = """
            UPDATE webhooks SET disabled_at = coalesce(disabled_at, now()), disabled_reason = coalesce(disabled_reason, 'BY_OWNER')
            WHERE %s RETURNING %s""".formatted(OWNED_BY_USER, COLUMNS);

    /**
     * Replaces the secret. The previous one also signs for {@code $4} ms; a second rotation within that time discards the older of the
     * two at once.
     */
    static final String ROTATE_WEBHOOK_SECRET = """
            UPDATE webhooks SET previous_secret = secret, previous_secret_expires_at = now() + $4::bigint * interval '1 millisecond', secret = $3
            WHERE %s RETURNING %s""".formatted(OWNED_BY_USER, COLUMNS);

    /** Selects URL, format and secrets for a test event, with the current time. */
    static final String SELECT_TEST_TARGET = """
            SELECT url, format, secret, CASE WHEN previous_secret_expires_at > now() THEN previous_secret END AS previous_secret,
              now() AS sent_at
            FROM webhooks WHERE %s""".formatted(OWNED_BY_USER);

    /**
     * Selects the user's secret, creating it if missing. Returns no row if another transaction created it concurrently; the caller
     * repeats the statement.
     */
    static final String SELECT_OR_CREATE_USER_SECRET = """
            WITH made AS (
              INSERT INTO user_webhook_secrets (user_id, secret) VALUES ($1, $2) ON CONFLICT (user_id) DO NOTHING
              RETURNING secret, previous_secret_expires_at)
            SELECT secret, previous_secret_expires_at FROM made
            UNION ALL SELECT secret, previous_secret_expires_at FROM user_webhook_secrets WHERE user_id = $1 LIMIT 1""";

    static final String ROTATE_USER_SECRET = """
            INSERT INTO user_webhook_secrets AS s (user_id, secret) VALUES ($1, $2)
            ON CONFLICT (user_id) DO UPDATE SET previous_secret = s.secret,
              previous_secret_expires_at = now() + $3::bigint * interval '1 millisecond', secret = excluded.secret
            RETURNING secret, previous_secret_expires_at""";

    /** Selects deliveries, with a row for each attempt, or one row without any. {@code %s} selects from {@code webhook_deliveries d}. */
    private static final String SELECT_WITH_ATTEMPTS = """
            SELECT d.id, d.position, d.notification_id, d.type, d.generation_id, d.status, d.created_at, d.ended_at,
              (SELECT q.run_at FROM webhook_queue q WHERE q.delivery_id = d.id AND q.lease_owner IS NULL) AS next_attempt_at,
              a.number, a.started_at, a.finished_at, a.outcome, a.http_status, a.error_code, a.retry_at
            FROM (SELECT * FROM webhook_deliveries d WHERE %s) d
            LEFT JOIN webhook_attempts a ON a.delivery_id = d.id
            ORDER BY d.position DESC, a.number""";

    /** Selects up to {@code $4} deliveries of a webhook before the position {@code $3}, newest first. */
    static final String SELECT_DELIVERIES = SELECT_WITH_ATTEMPTS.formatted("""
            d.webhook_id = $1 AND ($2::text IS NULL OR d.status = $2)
                AND d.position < coalesce($3::bigint, 9223372036854775807)
              ORDER BY d.position DESC LIMIT $4""");

    static final String SELECT_DELIVERY = SELECT_WITH_ATTEMPTS.formatted("d.webhook_id = $1 AND d.id = $2");

    private WebhookSql() {}
}
