package dev.darkroom.generation;

import dev.darkroom.database.TransactionScope;
import io.vertx.core.Future;
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
     * @param generations at least one
     * @return completes when the listener has written its rows. A failure rolls the transaction back; the write is then retried while
     *     the leases are valid
     */
    Future<Void> onFinished(TransactionScope scope, List<FinishedGeneration> generations);
}
