package dev.darkroom.queue;

import io.vertx.core.Future;
import java.time.Duration;
import java.util.List;
import java.util.UUID;

/**
 * A queue of jobs in a database table. Its {@link ClaimLoop} calls the methods on its event loop; futures may complete on any thread.
 *
 * @param <L> type of the leases
 */
public interface JobQueue<L extends Lease> {

    /** Name of one job, for the log, such as {@code generation}. */
    String jobName();

    /** Maximum number of concurrent attempts of this process. */
    int concurrency();

    /** Returns how many attempts may start beside {@code running} ones; none when not positive. Called on any thread. */
    int freeCapacity(int running);

    /** Claims up to {@code limit} due jobs for a node. */
    Future<ClaimedJobs<L>> claim(UUID nodeId, int limit);

    /** Returns whether jobs may be due that need no free capacity. */
    default boolean hasExemptJobs() {
        return false;
    }

    /** Claims up to {@code limit} due jobs that need no free capacity. */
    default Future<List<L>> claimExempt(UUID nodeId, int limit) {
        return Future.succeededFuture(List.of());
    }

    /** Creates the attempt of a lease without starting it. */
    JobAttempt createAttempt(L lease);

    /** Returns the leases that the database assigns to a node and that are at least {@code age} old. */
    Future<List<FencingToken>> findHeld(UUID nodeId, Duration age);

    /** Releases a lease without writing an attempt. Returns whether it was still held. */
    Future<Boolean> release(FencingToken fencingToken);
}
