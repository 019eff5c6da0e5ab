package dev.darkroom.queue;

import java.util.List;
import java.util.stream.Collectors;

/**
 * The statements about leases that read the same whatever is worked on. A table of work has the columns {@code lease_owner},
 * {@code lease_token}, {@code attempt_started_at} and {@code attempt_deadline}, and one column that is its key, a UUID. Every
 * transition names the owner and the token of the lease that it ends ("the fence"): whoever comes with an older claim changes no row
 * at all, and learns so from the empty result. Times are the database's; delays and budgets travel as spans.
 *
 * @param table of the work
 * @param keyColumn its key
 * @param leaseColumns columns that are set as long as there is a lease, other than those above
 */
public record LeasedQueueSql(String table, String keyColumn, List<String> leaseColumns) {

    /**
     * A condition of every claim, for a node that is {@code $1}: one that has expired or is draining claims nothing, whatever it
     * believes of itself.
     */
    public static final String NODE_IS_ALIVE =
            "EXISTS (SELECT 1 FROM nodes n WHERE n.id = $1 AND n.expires_at > now() AND NOT n.draining)";

    /** What every claim of a row {@code q} sets, beside the deadline of the attempt. */
    public static final String ASSIGN_LEASE =
            "lease_owner = $1, lease_token = q.lease_token + 1, attempt_started_at = now()";

    /** The lease that is $1, $2 and $3. Who names another changes nothing. */
    public String tokenCondition() {
        return keyColumn + " = $1 AND lease_owner = $2 AND lease_token = $3";
    }

    /** Sets what a row has that nobody works on. */
    public String clearLease() {
        return "lease_owner = NULL, attempt_started_at = NULL, attempt_deadline = NULL"
                + leaseColumns.stream().map(column -> ", " + column + " = NULL").collect(Collectors.joining());
    }

    /** Gives back work with which nothing was done: it keeps its place and no attempt is written. */
    public String releaseStatement() {
        return "UPDATE " + table + " SET " + clearLease() + " WHERE " + tokenCondition() + " RETURNING " + keyColumn;
    }

    /**
     * Leases that the database says this node holds, a while after they were claimed. What of them the node does not know
     * of was claimed by a statement whose answer was lost on the way.
     */
    public String findHeldStatement() {
        return "SELECT " + keyColumn + " AS key, lease_owner, lease_token FROM " + table
                + " WHERE lease_owner = $1 AND attempt_started_at < now() - $2::bigint * interval '1 millisecond'";
    }

    /**
     * Sets the times of leases and waits anew after the clock of the database has stepped by $1 milliseconds, negative for back.
     * After a step back a wait that seems long is shortened by it; a wait of now may become shorter too, which only makes a retry
     * earlier. After a step ahead waits are over early, and an attempt gets the time back that the step took, at most as much as one
     * of now would have, $2. So nothing is wrong when several processes do this after each other.
     */
    public String shiftTimesStatement(String further) {
        return "UPDATE " + table + " SET run_at = CASE WHEN $1::bigint < 0 AND run_at > now()"
                + " THEN run_at + $1 * interval '1 millisecond' ELSE run_at END,"
                + " attempt_started_at = CASE WHEN attempt_started_at > now() THEN now() ELSE attempt_started_at END,"
                + " attempt_deadline = CASE WHEN lease_owner IS NOT NULL THEN least("
                + "attempt_deadline + greatest($1, 0) * interval '1 millisecond', now() + $2::bigint * interval '1 millisecond')"
                + " END" + further;
    }

    /**
     * Leases that nobody will end: their node is gone ({@code owner_alive} false), or it lives and let the attempt run past
     * its deadline by more than the grace. An expired node never revives, so what is found here stays true until the fenced
     * statement that follows; a result that still arrives first wins, and that statement then changes nothing.
     *
     * @param columns of {@code q} and what it is joined with, to be told besides
     * @param join with other tables, or empty
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
