package dev.darkroom.queue;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** What is done with the leases of a table whatever is worked on. Futures fail with the driver's errors. Usable from any event loop. */
public final class LeasedQueueStore {
    /** Below the silence after which a connection is given up. */
    private static final String SET_LONG_TIMEOUT = "SET LOCAL statement_timeout = '20s'";

    private final Pool pool;
    private final String findHeldSql;
    private final String release;

    /** @param pool not a pipelined client: these statements may wait for a row that another node is writing */
    public LeasedQueueStore(Pool pool, LeasedQueueSql sql) {
        this.pool = pool;
        this.findHeldSql = sql.findHeldStatement();
        this.release = sql.releaseStatement();
    }

    /** Leases that this node holds, by the database's account, for at least {@code age}. */
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

    /** Gives back a lease with which nothing was done. True when it was still held. */
    public Future<Boolean> release(FencingToken fencingToken) {
        return pool.preparedQuery(release)
                .execute(tokenParameters(fencingToken))
                .map(rows -> rows.size() > 0);
    }

    /**
     * Runs a statement that goes over the whole queue, and may take longer than others.
     *
     * @param sql see {@link LeasedQueueSql#shiftTimesStatement}
     */
    public Future<Void> shiftTimes(Database database, String sql, Tuple values) {
        return database.inTransaction(connection -> connection
                .query(SET_LONG_TIMEOUT)
                .execute()
                .compose(set -> connection.preparedQuery(sql).execute(values))
                .mapEmpty());
    }

    /** The first three parameters of every fenced statement: $1, $2 and $3. */
    public static Tuple tokenParameters(FencingToken fencingToken) {
        return Tuple.of(fencingToken.key(), fencingToken.nodeId(), fencingToken.token());
    }
}
