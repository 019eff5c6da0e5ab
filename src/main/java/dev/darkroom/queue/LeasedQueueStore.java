package dev.darkroom.queue;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** Lease statements shared by every leased queue. Futures fail with the driver's errors. Usable from any event loop. */
public final class LeasedQueueStore {
    /** Shorter than the time without a response after which the client retires a connection. */
    private static final String SET_LONG_TIMEOUT = "SET LOCAL statement_timeout = '20s'";

    private final Pool pool;
    private final String findHeldSql;
    private final String releaseSql;

    /** @param pool not a pipelined client, because these statements may wait for a row lock of another node */
    public LeasedQueueStore(Pool pool, LeasedQueueSql sql) {
        this.pool = pool;
        this.findHeldSql = sql.findHeldStatement();
        this.releaseSql = sql.releaseStatement();
    }

    /** Returns the leases that the database assigns to a node and that are at least {@code age} old. */
    public Future<List<FencingToken>> findHeld(UUID nodeId, Duration age) {
        return pool.preparedQuery(findHeldSql)
                .execute(Tuple.of(nodeId, age.toMillis()))
                .map(rows -> {
                    List<FencingToken> found = new ArrayList<>(rows.size());
                    rows.forEach(row -> found.add(new FencingToken(
                            row.getUUID("key"), row.getUUID("lease_owner"), row.getLong("lease_token"))));
                    return found;
                });
    }

    /** Releases a lease without writing an attempt. Returns whether it was still held. */
    public Future<Boolean> release(FencingToken fencingToken) {
        return pool.preparedQuery(releaseSql)
                .execute(tokenParameters(fencingToken))
                .map(rows -> rows.size() > 0);
    }

    /**
     * Runs a statement over the whole queue, with a longer statement timeout.
     *
     * @param sql see {@link LeasedQueueSql#shiftTimesStatement}
     */
    public Future<Void> shiftTimes(Database database, String sql, Tuple values) {
        return database.inTransaction(scope -> scope.connection()
                .query(SET_LONG_TIMEOUT)
                .execute()
                .compose(set -> scope.connection().preparedQuery(sql).execute(values))
                .mapEmpty());
    }

    /** Returns the first three parameters of every fenced statement: $1, $2 and $3. */
    public static Tuple tokenParameters(FencingToken fencingToken) {
        return Tuple.of(fencingToken.key(), fencingToken.nodeId(), fencingToken.token());
    }
}
