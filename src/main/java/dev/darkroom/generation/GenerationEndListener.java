package dev.darkroom.generation;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;
import java.util.List;

/**
 * Called inside the transaction that ends generations, so that what it writes is there exactly when their end is.
 * Implemented by features that generations know nothing about.
 */
@FunctionalInterface
public interface GenerationEndListener {

    /**
     * Generations are about to be ended, all those of one transaction.
     *
     * @param connection in the transaction; use nothing else, and do not commit
     * @param generations at least one
     * @return a failed future rolls the ends back; they are then tried again as long as the leases hold
     */
    Future<Void> ended(SqlConnection connection, List<EndedGeneration> generations);

    /**
     * They have ended, for good. A hint for those who want to tell of it soon: a process that dies between the two calls this
     * never, and neither may it take long nor throw.
     *
     * @param generations those that {@link #ended} was called with
     */
    default void committed(List<EndedGeneration> generations) {}
}
