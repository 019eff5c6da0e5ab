package dev.darkroom.node;

/** The rows of processes. All times are the database's. */
final class NodeSql {

    /** A new process. */
    static final String REGISTER = """
            INSERT INTO nodes (id, host, version, expires_at)
            VALUES ($1, $2, $3, now() + $4::bigint * interval '1 millisecond')""";

    /** It lives on, and works at this pace. No row: it was taken for dead, and an expired node must never revive, its work may be another's. */
    static final String HEARTBEAT = """
            UPDATE nodes SET expires_at = now() + $2::bigint * interval '1 millisecond', concurrency = $3, attempt_ms = $4
            WHERE id = $1 AND expires_at > now()
            RETURNING id""";

    /**
     * The same after the clock of the database has stepped ahead: the row seems expired and is not, for this process trusts its
     * identity by its own clock. What a sweep has taken back meanwhile stays refused by its token.
     */
    static final String HEARTBEAT_AFTER_STEP = """
            UPDATE nodes SET expires_at = now() + $2::bigint * interval '1 millisecond', concurrency = $3, attempt_ms = $4
            WHERE id = $1
            RETURNING id""";

    /** After a step back no node, dead ones neither, may seem to live for longer than a heartbeat of now would let it. Harmless when repeated. */
    static final String CAP_EXPIRIES = """
            UPDATE nodes SET expires_at = now() + $1::bigint * interval '1 millisecond'
            WHERE expires_at > now() + $1::bigint * interval '1 millisecond'""";

    /** From now on the database gives it no work. */
    static final String DRAIN = "UPDATE nodes SET draining = true WHERE id = $1";

    /** It leaves in good order, or gave up its old identity: whatever it still held is free at once. */
    static final String DEREGISTER = "DELETE FROM nodes WHERE id = $1";

    /** Forgets processes that are long dead. Leases that name them are found by the missing row as well. */
    static final String DELETE_EXPIRED = "DELETE FROM nodes WHERE expires_at < now() - interval '1 hour'";

    private NodeSql() {}
}
