package dev.darkroom.generation;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;

/**
 * Called inside the transaction that ends generations, so that what it writes is there exactly when their end is.
 * Implemented by features that generations know nothing about.
 */
@FunctionalInterface
public interface GenerationFinishListener {

    /**
     * Generations are about to be ended, all those of one transaction.
     *
     * @param connection in the transaction; use nothing else, and do not commit
     * @param generations at least one
     * @return what is to be done once they have ended for good: a hint for those who want to know soon, since a process that dies
     *     in between never does it; it may neither take long nor throw. A failed future rolls the ends back; they are then tried
     *     again as long as the leases hold
     */
    Future<Runnable> onFinished(SqlConnection connection, List<FinishedGeneration> generations);
}
