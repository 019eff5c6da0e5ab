package dev.darkroom.auth;

/**
 * SQL statements on API keys, URL signing keys and stream tickets. Expiry is compared with the database's clock, so that clock skew
 * between processes has no effect.
 */
final class AuthSql {
    /**
     * Selects the owners of the valid keys among the hashes $1. Comparing hashes reveals nothing about a key by the time it takes.
     */
    static final String SELECT_VALID_API_KEYS = """
            SELECT hash, user_id, role FROM api_keys
            WHERE hash = ANY ($1) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())""";

    /** JDBC. The last parameter is the lifetime in milliseconds, or null for a key that never expires. */
    static final String INSERT_API_KEY = """
            INSERT INTO api_keys (id, hash, user_id, role, expires_at)
            VALUES (?, ?, ?, ?, now() + ?::bigint * interval '1 millisecond')
            RETURNING expires_at""";

    /** JDBC. */
    static final String SELECT_API_KEYS = """
            SELECT id, user_id, role, created_at, expires_at, revoked_at,
              revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AS valid
            FROM api_keys ORDER BY created_at, id""";

    /** JDBC. Keeps the time of the first revocation. */
    static final String REVOKE_API_KEY =
            "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = ? RETURNING user_id, revoked_at";

    /** Selects the keys that are not retired, the newest first. The newest one signs. */
    static final String SELECT_URL_SIGNING_KEYS = """
            SELECT id, secret, retires_at FROM url_signing_keys WHERE retires_at IS NULL OR retires_at > now() ORDER BY id DESC""";

    /** Inserts the first key. Of processes that start at the same time, one succeeds. */
    static final String INSERT_FIRST_URL_SIGNING_KEY =
            "INSERT INTO url_signing_keys (id, secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";

    /**
     * JDBC. Inserts a new key, which signs from now on. Older keys retire after the given number of milliseconds, unless they retire
     * sooner. Deletes retired keys.
     */
    static final String ROTATE_URL_SIGNING_KEYS = """
            WITH gone AS (
              DELETE FROM url_signing_keys WHERE retires_at < now()),
            retired AS (
              UPDATE url_signing_keys SET retires_at = least(retires_at, now() + ?::bigint * interval '1 millisecond')
              WHERE retires_at IS NULL OR retires_at >= now())
            INSERT INTO url_signing_keys (id, secret) SELECT coalesce(max(id), 0) + 1, ? FROM url_signing_keys RETURNING id""";

    /** Inserts a ticket that has to be redeemed within a minute. */
    static final String INSERT_STREAM_TICKET = """
            INSERT INTO stream_tickets (hash, user_id, api_key_hash, credential_expires_at, expires_at)
            VALUES ($1, $2, $3, $4, now() + interval '60 seconds') RETURNING expires_at""";

    /**
     * Assigns the ticket with the hash $1 to the stream $2 if the ticket and the credential it was created with are valid. The row lock
     * serializes concurrent redemptions; the last one holds the ticket.
     */
    static final String REDEEM_STREAM_TICKET = """
            UPDATE stream_tickets t SET stream_id = $2, expires_at = now() + interval '15 minutes'
            WHERE t.hash = $1 AND t.expires_at > now() AND (t.credential_expires_at IS NULL OR t.credential_expires_at > now())
              AND (t.api_key_hash IS NULL OR EXISTS (
                SELECT FROM api_keys k
                WHERE k.hash = t.api_key_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())))
            RETURNING t.user_id, t.api_key_hash, t.credential_expires_at""";

    /** Extends each ticket with a hash in $1 that is still held by the stream at the same position in $2. */
    static final String EXTEND_STREAM_TICKETS = """
            UPDATE stream_tickets t SET expires_at = now() + interval '15 minutes'
            FROM unnest($1::text[], $2::uuid[]) AS held (hash, stream_id)
            WHERE t.hash = held.hash AND t.stream_id = held.stream_id RETURNING t.hash""";

    private AuthSql() {}
}
