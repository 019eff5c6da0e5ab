package dev.darkroom.database;

import io.vertx.sqlclient.SqlConnection;
import java.util.ArrayList;
import java.util.List;

/** One transaction of {@link Database#inTransaction}. Not thread-safe: use it only until the future of the transaction's work completes. */
public final class TransactionScope {
    private final SqlConnection connection;
    private final List<Runnable> actions = new ArrayList<>();

    TransactionScope(SqlConnection connection) {
        this.connection = connection;
    }

    /** Returns the connection of the transaction. Use no other one inside the transaction, and do not commit or roll back. */
    public SqlConnection connection() {
        return connection;
    }

    /**
     * Adds an action, such as a signal, to run after the commit. Actions run in the order in which they were added, before the future
     * of {@link Database#inTransaction} notifies its handlers. None runs after a rollback or an unknown outcome of the commit, or when
     * the process dies.
     *
     * @param action must not block or throw
     */
    public void afterCommit(Runnable action) {
        actions.add(action);
    }

    void runAfterCommitActions() {
        actions.forEach(Runnable::run);
    }
}
