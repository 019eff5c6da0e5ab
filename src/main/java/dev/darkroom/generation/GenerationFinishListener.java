package dev.darkroom.generation;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;

/**
 * Listener inside the transaction that ends generations. Its rows are committed together with the end of the generations. Features that
 * depend on generations implement it.
 */
@FunctionalInterface
public interface GenerationFinishListener {

    /**
     * Handles the generations that a transaction ends, before its commit.
     *
     * @param connection connection of the transaction; use no other one, and do not commit
     * @param generations at least one
     * @return an action to run after the commit, such as a signal. It must not block or throw, and is lost when the process dies before
     *     it. A failed future rolls the transaction back; the write is then retried while the leases are valid
     */
    Future<Runnable> onFinished(SqlConnection connection, List<FinishedGeneration> generations);
}
