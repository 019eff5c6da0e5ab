package dev.darkroom.generation.waiting;

/**
 * SQL of the requests that wait for a generation. The statement that stores a generation inserts the row, see {@code SubmissionSql.SUBMIT}.
 * All times come from the database clock.
 */
final class WaitingRequestSql {
    /** Requests of the same caller that a retry may attach to, if their connection broke. */
    private static final String EARLIER_REQUESTS = "w.caller_digest = $1 AND w.retry_count < $2";

    /** Connections that broke in the last $6 ms. */
    private static final String DISCONNECTED = "w.disconnected_at > now() - $6::bigint * interval '1 millisecond'";

    /** Time at which the process of a connection expires, or expired; null when no node has it. */
    private static final String PROCESS_EXPIRY =
            "(SELECT max(n.expires_at) FROM nodes n WHERE n.process_id = w.process_id)";

    /** Time at which the retry arrived, also in later statements. */
    private static final String ARRIVAL = "coalesce($5::timestamptz, now())";

    /**
     * Attaches a retry to one generation, if it finds one whose connection broke: of the same caller, with a lower retry count. Returns
     * its id or null, the arrival of the retry, and whether the retry should wait and execute this statement again.
     *
     * <p>A connection broke when its process stored this, or when the process expired in the last $6 ms. All processes seem expired after
     * an outage of the database. The retry therefore attaches to a connection of an expired process only 1.5 heartbeat intervals after its
     * arrival; a process that is alive has registered again by then.
     *
     * <p>The retry should wait while a process may still store that a connection broke: until the process has sent a heartbeat a second
     * after the arrival of the retry, which shows that it runs and considers the connection open, and at most for two node TTLs. It should
     * also wait while another transaction has locked a row.
     *
     * <p>Safe under concurrency: the row lock and the condition on {@code retry_count} let one retry get a row. A retry prefers the highest
     * retry count, then the oldest disconnection, so that a first retry finds the requests that only a first retry may attach to.
     */
    static final String ATTACH = """
            WITH broken AS MATERIALIZED (
              SELECT w.generation_id FROM waiting_requests w
              WHERE %1$s AND (%2$s
                OR w.disconnected_at IS NULL
                  AND now() > %4$s + $8::bigint * interval '1.5 milliseconds'
                  AND %3$s BETWEEN now() - $6::bigint * interval '1 millisecond' AND now())
              ORDER BY w.retry_count DESC, w.disconnected_at NULLS LAST, w.generation_id
              LIMIT 1 FOR UPDATE OF w SKIP LOCKED),
            attached AS (
              UPDATE waiting_requests w SET retry_count = $2, connection_id = $3, process_id = $4, disconnected_at = NULL
              FROM broken WHERE w.generation_id = broken.generation_id RETURNING w.generation_id)
            SELECT (SELECT generation_id FROM attached) AS generation_id, %4$s AS arrived_at,
              now() < %4$s + $7::bigint * interval '2 milliseconds' AND EXISTS (
                SELECT FROM waiting_requests w
                WHERE %1$s AND (%2$s
                  OR w.disconnected_at IS NULL
                    AND %3$s > now() - $6::bigint * interval '1 millisecond'
                    AND %3$s <= %4$s + interval '1 second' + $7::bigint * interval '1 millisecond')) AS undecided""".formatted(EARLIER_REQUESTS, DISCONNECTED, PROCESS_EXPIRY, ARRIVAL);

    /**
     * Stores that connections broke. Idempotent. The id of the connection is the fence: after a retry attached, the row has another one.
     */
    static final String DISCONNECT = """
            UPDATE waiting_requests SET disconnected_at = now() WHERE connection_id = ANY ($1::uuid[]) AND disconnected_at IS NULL
            RETURNING connection_id, generation_id, caller_digest""";

    /** Deletes the requests that got their whole response. Idempotent, and fenced as {@link #DISCONNECT}. */
    static final String DELETE_ANSWERED = "DELETE FROM waiting_requests WHERE connection_id = ANY ($1::uuid[])";

    private WaitingRequestSql() {}
}
