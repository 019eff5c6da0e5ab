package dev.darkroom.auth;

/** The statements on API keys. Times are the database's alone, so that no clock of a process decides who may come in. */
final class AuthSql {
    /**
     * Whose the keys with the hashes $1 are, those that are still keys. Found by their hashes, which tells whoever measures how
     * long it takes nothing about any key.
     */
    static final String SELECT_VALID_API_KEYS = """
            SELECT hash, user_id, role FROM api_keys
            WHERE hash = ANY ($1) AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())""";

    /** With JDBC, as the next ones. The expiry in milliseconds from now, or null. */
    static final String INSERT_API_KEY = """
            INSERT INTO api_keys (id, hash, user_id, role, expires_at)
            VALUES (?, ?, ?, ?, now() + ?::bigint * interval '1 millisecond')
            RETURNING expires_at""";

    static final String SELECT_API_KEYS = """
            SELECT id, user_id, role, created_at, expires_at, revoked_at,
              revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now()) AS valid
            FROM api_keys ORDER BY created_at, id""";

    /** Once revoked, for ever: the time of the first revocation stays. */
    static final String REVOKE_API_KEY =
            "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = ? RETURNING user_id, revoked_at";

    /** What links are signed with, the youngest first, which signs. */
    static final String SELECT_URL_SIGNING_KEYS = """
            SELECT id, secret, retires_at FROM link_keys WHERE retires_at IS NULL OR retires_at > now() ORDER BY id DESC""";

    /** Of processes that start together one makes the first key. */
    static final String INSERT_FIRST_URL_SIGNING_KEY =
            "INSERT INTO link_keys (id, secret) VALUES (1, $1) ON CONFLICT (id) DO NOTHING";

    /**
     * With JDBC. A new key signs from now on, and those before it retire after so many milliseconds, if they would not sooner.
     * Those that have retired are deleted.
     */
    static final String ROTATE_URL_SIGNING_KEYS = """
            WITH gone AS (
              DELETE FROM link_keys WHERE retires_at < now()),
            retired AS (
              UPDATE link_keys SET retires_at = least(retires_at, now() + ?::bigint * interval '1 millisecond')
              WHERE retires_at IS NULL OR retires_at >= now())
            INSERT INTO link_keys (id, secret) SELECT coalesce(max(id), 0) + 1, ? FROM link_keys RETURNING id""";

    /** To be used within a minute. */
    static final String INSERT_STREAM_TICKET = """
            INSERT INTO stream_tickets (hash, user_id, key_hash, credential_ends, good_until)
            VALUES ($1, $2, $3, $4, now() + interval '60 seconds') RETURNING good_until""";

    /**
     * Takes the ticket with the hash $1 for the stream $2, if it is good and so is still what it was asked for with. Of two who come at
     * once the row lets one pass after the other, and the last has it.
     */
    static final String REDEEM_STREAM_TICKET = """
            UPDATE stream_tickets t SET holder = $2, good_until = now() + interval '15 minutes'
            WHERE t.hash = $1 AND t.good_until > now() AND (t.credential_ends IS NULL OR t.credential_ends > now())
              AND (t.key_hash IS NULL OR EXISTS (
                SELECT FROM api_keys k
                WHERE k.hash = t.key_hash AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())))
            RETURNING t.user_id, t.key_hash, t.credential_ends""";

    /** Of the tickets with the hashes in $1 those that the streams in $2 still have: their time begins anew. */
    static final String EXTEND_STREAM_TICKETS = """
            UPDATE stream_tickets t SET good_until = now() + interval '15 minutes'
            FROM unnest($1::text[], $2::uuid[]) AS held (hash, holder)
            WHERE t.hash = held.hash AND t.holder = held.holder RETURNING t.hash""";

    private AuthSql() {}
}
