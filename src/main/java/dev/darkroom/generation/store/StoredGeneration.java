package dev.darkroom.generation.store;

import dev.darkroom.generation.Generation;
import dev.darkroom.generation.store.QueueSnapshot.QueueTurn;
import java.time.Instant;

/**
 * Generation with its place in the queue, read by one statement.
 *
 * @param generation without a queue position, which follows from a {@link QueueSnapshot}
 * @param queueEntry null unless the generation waits
 */
public record StoredGeneration(Generation generation, QueueEntry queueEntry) {
    /**
     * Queue row of a waiting generation.
     *
     * @param route key of the model in the queue
     * @param dueAt earliest start
     */
    public record QueueEntry(String route, QueueTurn turn, Instant dueAt) {}
}
