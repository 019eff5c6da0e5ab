package dev.darkroom.queue;

import java.util.List;
import java.util.stream.Collectors;

/**
 * SQL fragments shared by every leased queue. A queue table has the columns {@code lease_owner}, {@code lease_token},
 * {@code attempt_started_at} and {@code attempt_deadline}, and one UUID key column. Every transition compares the owner and the token
 * of the lease that it ends (fencing). An outdated claim changes no row and returns an empty result. Timestamps come from the
 * database's clock; parameters carry only durations.
 *
 * @param table name of the queue table
 * @param keyColumn name of its key column
 * @param leaseColumns further columns that are null without a lease
 */
public record LeasedQueueSql(String table, String keyColumn, List<String> leaseColumns) {

    /** Condition of every claim, with the node as {@code $1}. */
    public static final String NODE_IS_ALIVE = nodeIsAlive("$1");

    /** Assignments of every claim of a row {@code q}, except the deadline of the attempt. */
    public static final String ASSIGN_LEASE =
            "lease_owner = $1, lease_token = q.lease_token + 1, attempt_started_at = now()";

    /**
     * Returns the condition of every statement that leases jobs. An expired or draining node gets none, even if its own clock says that
     * its identity is valid.
     *
     * @param node parameter of the statement with the id of the node
     */
    public static String nodeIsAlive(String node) {
        return "EXISTS (SELECT 1 FROM nodes n WHERE n.id = " + node + " AND n.expires_at > now() AND NOT n.draining)";
    }

    /** Returns the fencing condition for the lease $1, $2, $3. An outdated token matches no row. */
    public String tokenCondition() {
        return keyColumn + " = $1 AND lease_owner = $2 AND lease_token = $3";
    }

    /** Returns the assignments of a row without a lease. */
    public String clearLease() {
        return "lease_owner = NULL, attempt_started_at = NULL, attempt_deadline = NULL"
                + leaseColumns.stream().map(column -> ", " + column + " = NULL").collect(Collectors.joining());
    }

    /** Releases a lease without an attempt. The row keeps its place in the queue. Fenced. */
    public String releaseStatement() {
        return "UPDATE " + table + " SET " + clearLease() + " WHERE " + tokenCondition() + " RETURNING " + keyColumn;
    }

    /**
     * Returns the leases of a node from a given age on. If the node does not know one of them, the response to its
     * statement was lost. Read-only; the release that follows is fenced.
     */
    public String findHeldStatement() {
        return "SELECT " + keyColumn + " AS key, lease_owner, lease_token FROM " + table
                + " WHERE lease_owner = $1 AND attempt_started_at < now() - $2::bigint * interval '1 millisecond'";
    }

    /**
     * Adjusts the times of leases and delays after the database clock stepped by $1 milliseconds, negative for a step back. After a
     * step back, delays shrink by the step; a delay set after the step may shrink too, which only makes a retry earlier. After a step
     * ahead, delays end early, and a running attempt gets the lost time back, but at most $2 milliseconds from now. Safe when several
     * processes run it one after the other.
     *
     * @param furtherAssignments more assignments, each with a leading comma; or empty
     */
    public String shiftTimesStatement(String furtherAssignments) {
        return "UPDATE " + table + " SET run_at = CASE WHEN $1::bigint < 0 AND run_at > now()"
                + " THEN run_at + $1 * interval '1 millisecond' ELSE run_at END,"
                + " attempt_started_at = CASE WHEN attempt_started_at > now() THEN now() ELSE attempt_started_at END,"
                + " attempt_deadline = CASE WHEN lease_owner IS NOT NULL THEN least("
                + "attempt_deadline + greatest($1, 0) * interval '1 millisecond', now() + $2::bigint * interval '1 millisecond')"
                + " END" + furtherAssignments;
    }

    /**
     * Returns abandoned leases: their node is gone ({@code owner_alive} false), or it is alive and the attempt overran its deadline
     * by more than $1 milliseconds. An expired node never revives, so the result stays true until the fenced statement that follows.
     * If a result of the attempt arrives first, it wins and that statement changes no row.
     *
     * @param columns further columns to return, of {@code q} and the joined tables
     * @param join join with other tables, or empty
     */
    public String findAbandonedStatement(String columns, String join) {
        return "SELECT q." + keyColumn + ", q.lease_owner, q.lease_token, n.id IS NOT NULL AS owner_alive, " + columns
                + " FROM " + table + " q " + join
                + " LEFT JOIN nodes n ON n.id = q.lease_owner AND n.expires_at > now()"
                + " WHERE q.lease_owner IS NOT NULL"
                + " AND (n.id IS NULL OR q.attempt_deadline < now() - $1::bigint * interval '1 millisecond')"
                + " ORDER BY q.attempt_deadline LIMIT $2";
    }
}
