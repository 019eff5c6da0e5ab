package dev.darkroom.generation;

import io.vertx.core.Future;
import io.vertx.sqlclient.SqlConnection;

/**
 * Called inside the transaction that ends a generation, so that what it writes is there exactly when the end is.
 * Implemented by features that generations know nothing about.
 */
@FunctionalInterface
public interface GenerationEndListener {

    /**
     * A generation is about to be ended.
     *
     * @param connection in the transaction; use nothing else, and do not commit
     * @return a failed future rolls the end back; it is then tried again as long as the lease holds
     */
    Future<Void> ended(SqlConnection connection, EndedGeneration generation);
}
