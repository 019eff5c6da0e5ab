package dev.darkroom.node;

/** SQL of the table of nodes, one row per process. All timestamps come from the database's clock. */
final class NodeSql {

    /** Inserts the row of a new process. Safe under concurrency: every start has a new id. */
    static final String REGISTER = """
            INSERT INTO nodes (id, host, version, expires_at, process_id, roles)
            VALUES ($1, $2, $3, now() + $4::bigint * interval '1 millisecond', $5, $6)""";

    /**
     * Renews the expiry of a node and stores its throughput and the state of its backends. Returns no row when the node has expired: an
     * expired node must never revive, because another process may have reclaimed its jobs.
     */
    static final String HEARTBEAT = """
            UPDATE nodes SET expires_at = now() + $2::bigint * interval '1 millisecond', concurrency = $3, average_attempt_ms = $4,
              backends = $5
            WHERE id = $1 AND expires_at > now()
            RETURNING id""";

    /**
     * As {@link #HEARTBEAT}, after the database clock stepped ahead: the row seems expired although the identity is still valid by
     * the monotonic clock of this process. Results of leases that a reaper reclaimed meanwhile stay rejected by their fencing token.
     */
    static final String HEARTBEAT_AFTER_STEP = """
            UPDATE nodes SET expires_at = now() + $2::bigint * interval '1 millisecond', concurrency = $3, average_attempt_ms = $4,
              backends = $5
            WHERE id = $1
            RETURNING id""";

    /**
     * Caps all expiries after the database clock stepped back, so that no node, dead ones included, seems alive for longer than its
     * next heartbeat would allow. Idempotent.
     */
    static final String CAP_EXPIRIES = """
            UPDATE nodes SET expires_at = now() + $1::bigint * interval '1 millisecond'
            WHERE expires_at > now() + $1::bigint * interval '1 millisecond'""";

    /** Marks a node as draining. Its claims return nothing from then on. */
    static final String DRAIN = "UPDATE nodes SET draining = true WHERE id = $1";

    /**
     * Deletes the row of a node at its shutdown. Its remaining leases can be reclaimed immediately.
     *
     * <p>In the same statement, stores that the remaining connections of its process broke: without a node, a connection without a stored
     * end would seem open, and a retry would create a second generation. Safe under concurrency: an update waits for a retry that
     * is attaching to the row, and skips the row after that, because it has another process then.
     */
    static final String DEREGISTER = """
            WITH stopped AS (DELETE FROM nodes WHERE id = $1 RETURNING process_id)
            UPDATE waiting_requests w SET disconnected_at = now() FROM stopped
            WHERE w.process_id = stopped.process_id AND w.disconnected_at IS NULL""";

    /** Deletes nodes that expired long ago. Their leases are still found as abandoned, because the row is missing. */
    static final String DELETE_EXPIRED = "DELETE FROM nodes WHERE expires_at < now() - interval '1 hour'";

    private NodeSql() {}
}
