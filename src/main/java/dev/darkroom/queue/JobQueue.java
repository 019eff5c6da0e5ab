package dev.darkroom.queue;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * One kind of work that stands in a table. Called on the event loop of its {@link ClaimLoop}; futures may complete anywhere.
 *
 * @param <L> what is claimed
 */
public interface JobQueue<L extends Lease> {

    /** What one piece of it is called in the log, such as {@code generation}. */
    String jobName();

    /** How much this process does at once at most. */
    int concurrency();

    /** How much more may be begun beside {@code running} attempts now; nothing when not positive. */
    int freeCapacity(int running);

    /** Claims up to {@code limit} pieces that are due, for a node. */
    Future<List<L>> claim(UUID nodeId, int limit);

    /** What is to be done with a lease. Does nothing yet. */
    JobAttempt createAttempt(L lease);

    /** Leases that this node holds, by the database's account, for at least {@code age}. */
    Future<List<FencingToken>> findHeld(UUID nodeId, Duration age);

    /** Gives back a lease with which nothing was done. True when it was still held. */
    Future<Boolean> release(FencingToken fencingToken);
}
