package dev.darkroom.generation.store;

import dev.darkroom.backend.JobProgress;
import dev.darkroom.database.Database;
import dev.darkroom.generation.AttemptBilling;
import dev.darkroom.generation.Cost;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.RouteOffer;
import dev.darkroom.generation.route.RouteOffer.BackendState;
import dev.darkroom.queue.ClaimedJobs;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.LeasedQueueStore;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * Claims generations in PostgreSQL, changes and releases their leases, and finds the abandoned ones. Every change of a lease is fenced: it
 * changes nothing when the lease is lost. Futures fail with the driver's errors. Usable from any event loop.
 */
public final class GenerationLeaseStore {

    private final Database database;
    private final Pool pool;
    private final LeasedQueueStore queue;

    public GenerationLeaseStore(Database database) {
        this.database = database;
        // Not the pipelined client, because these statements may wait for a row lock of another node.
        this.pool = database.pool();
        this.queue = new LeasedQueueStore(pool, GenerationLeaseSql.QUEUE);
    }

    /**
     * Lease of a dead node, or of a live one past the deadline of the attempt.
     *
     * @param expectedCost of its submission in millionths; null when none was stored
     * @param age time since the start of the attempt
     */
    public record AbandonedLease(GenerationLease generationLease, boolean ownerAlive, Long expectedCost, Duration age) {
        /** Returns the submission of the attempt, which may have been made unless the attempt was a look-up. */
        public AttemptBilling billing() {
            return new AttemptBilling(
                    expectedCost != null || !generationLease.isLookUp(),
                    expectedCost == null ? null : new Cost(expectedCost, Cost.Source.CONFIGURED));
        }
    }

    /**
     * Adjusts the timestamps of the queue after the database clock stepped.
     *
     * @param step size of the step, negative for a step back
     * @param attemptTimeout maximum duration of an attempt
     * @param lifetime maximum time from the acceptance of a generation to its end
     */
    public Future<Void> shiftTimes(Duration step, Duration attemptTimeout, Duration lifetime) {
        return queue.shiftTimes(
                database,
                GenerationLeaseSql.SHIFT_TIMES,
                Tuple.of(step.toMillis(), attemptTimeout.toMillis(), lifetime.toMillis()));
    }

    /** Claims up to {@code limit} due generations for a node, at the backends of an offer. */
    public Future<ClaimedJobs<GenerationLease>> claim(UUID nodeId, int limit, RouteOffer offer) {
        long sentAt = System.nanoTime();
        return pool.preparedQuery(GenerationLeaseSql.CLAIM)
                .execute(RouteOfferParameters.addBackends(
                        RouteOfferParameters.addSlots(Tuple.of(nodeId, limit), offer), offer))
                .map(rows -> {
                    // The response took at most this long. The durations in the rows are shortened by it.
                    Duration elapsed = Duration.ofNanos(System.nanoTime() - sentAt);
                    List<GenerationLease> leases = new ArrayList<>(rows.size());
                    boolean more = false;
                    for (Row row : rows) {
                        leases.add(GenerationLeaseRowMapper.toClaimedLease(row, elapsed));
                        more = row.getBoolean("more");
                    }
                    return new ClaimedJobs<>(leases, more);
                });
    }

    /** Claims up to {@code limit} due generations for a node, to look up their submissions with an unknown outcome. */
    public Future<List<GenerationLease>> claimLookUps(UUID nodeId, int limit, List<BackendState> backends) {
        long sentAt = System.nanoTime();
        Tuple values = Tuple.of(
                nodeId,
                limit,
                backends.stream().map(BackendState::name).toArray(String[]::new),
                backends.stream().map(backend -> backend.timeout().toMillis()).toArray(Long[]::new));
        return pool.preparedQuery(GenerationLeaseSql.CLAIM_LOOK_UPS)
                .execute(values)
                .map(rows -> {
                    Duration elapsed = Duration.ofNanos(System.nanoTime() - sentAt);
                    return rows.stream()
                            .map(row -> GenerationLeaseRowMapper.toClaimedLease(row, elapsed))
                            .toList();
                });
    }

    /** Extends the deadline of an attempt to that of its generation. Returns whether the lease was still held. */
    public Future<Boolean> extend(GenerationLease generationLease) {
        return pool.preparedQuery(GenerationLeaseSql.EXTEND_ATTEMPT)
                .execute(tokenParameters(generationLease))
                .map(rows -> rows.size() > 0);
    }

    /** Stores the id that the AI server assigned to the job of a lease. Returns whether the lease was still held. */
    public Future<Boolean> storeProviderId(GenerationLease generationLease, String providerId) {
        return pool.preparedQuery(GenerationLeaseSql.STORE_PROVIDER_JOB_ID)
                .execute(tokenParameters(generationLease).addString(providerId))
                .map(rows -> rows.size() > 0);
    }

    /** Stores the expected cost of the submission of a lease, so that a reaper knows it. Returns whether the lease was still held. */
    public Future<Boolean> storeExpectedCost(GenerationLease generationLease, long micros) {
        return pool.preparedQuery(GenerationLeaseSql.STORE_EXPECTED_COST)
                .execute(tokenParameters(generationLease).addLong(micros))
                .map(rows -> rows.size() > 0);
    }

    /** Stores the name of the API key of the next submission of a lease, and forgets the id of an earlier one. Returns whether the lease was still held. */
    public Future<Boolean> storeApiKey(GenerationLease generationLease, String apiKey) {
        return pool.preparedQuery(GenerationLeaseSql.STORE_API_KEY)
                .execute(tokenParameters(generationLease).addString(apiKey))
                .map(rows -> rows.size() > 0);
    }

    /** Stores the selection of a lease that submits again after its look-up found no job. Returns whether the lease was still held. */
    public Future<Boolean> storeSelection(GenerationLease generationLease, BackendSelection selection) {
        return pool.preparedQuery(GenerationLeaseSql.STORE_SELECTION)
                .execute(tokenParameters(generationLease).addString(selection.name()))
                .map(rows -> rows.size() > 0);
    }

    /** Moves a lease to the AI server and the selection of another one. Returns whether it was still held. */
    public Future<Boolean> move(GenerationLease moved) {
        return pool.preparedQuery(GenerationLeaseSql.MOVE)
                .execute(tokenParameters(moved)
                        .addString(moved.backend())
                        .addString(moved.selection().name()))
                .map(rows -> rows.size() > 0);
    }

    /** Stores the progress of the job of a lease. Returns whether the lease was still held. */
    public Future<Boolean> storeProgress(GenerationLease generationLease, JobProgress progress) {
        return pool.preparedQuery(GenerationLeaseSql.STORE_PROGRESS)
                .execute(tokenParameters(generationLease)
                        .addInteger(progress.percent())
                        .addInteger(progress.queuePosition()))
                .map(rows -> rows.size() > 0);
    }

    /**
     * Releases a lease without writing an attempt, and its reservation. Returns whether it was still held.
     *
     * @param jobGone whether the looked up submission does not exist and is forgotten
     * @param delay before the next attempt; zero to keep the place in the queue
     */
    public Future<Boolean> release(GenerationLease generationLease, boolean jobGone, Duration delay) {
        return pool.preparedQuery(GenerationLeaseSql.RELEASE)
                .execute(tokenParameters(generationLease).addBoolean(jobGone).addLong(delay.toMillis()))
                .map(rows -> rows.size() > 0);
    }

    /**
     * Releases a lease that this process does not know. Returns whether it was released: not when it is lost, and not when its submission
     * may have been made; then the reaper records the attempt after its deadline.
     */
    public Future<Boolean> releaseOrphan(FencingToken fencingToken) {
        return pool.preparedQuery(GenerationLeaseSql.RELEASE_ORPHAN)
                .execute(LeasedQueueStore.tokenParameters(fencingToken))
                .map(rows -> rows.size() > 0);
    }

    /** Returns leases of dead nodes, and leases past the deadline of their attempt by more than {@code grace}. */
    public Future<List<AbandonedLease>> findAbandoned(Duration grace, int limit) {
        return database.heartbeats()
                .preparedQuery(GenerationLeaseSql.FIND_ABANDONED)
                .execute(Tuple.of(grace.toMillis(), limit))
                .map(rows -> {
                    List<AbandonedLease> found = new ArrayList<>(rows.size());
                    rows.forEach(row -> found.add(new AbandonedLease(
                            GenerationLeaseRowMapper.toAbandonedLease(row),
                            row.getBoolean("owner_alive"),
                            row.getLong("attempt_cost"),
                            Duration.ofMillis(row.getLong("attempt_age")))));
                    return found;
                });
    }

    /** Returns waiting generations past their deadline. */
    public Future<List<UUID>> findOverdue(int limit) {
        return database.heartbeats()
                .preparedQuery(GenerationLeaseSql.FIND_OVERDUE)
                .execute(Tuple.of(limit))
                .map(rows -> {
                    List<UUID> found = new ArrayList<>(rows.size());
                    rows.forEach(row -> found.add(row.getUUID("generation_id")));
                    return found;
                });
    }

    /** Returns the leases that the database assigns to a node and that are at least {@code age} old. */
    public Future<List<FencingToken>> findHeld(UUID nodeId, Duration age) {
        return queue.findHeld(nodeId, age);
    }

    /** Returns the attempts of a node for erased generations, except those with a stored end. */
    public Future<List<FencingToken>> findErased(UUID nodeId) {
        return pool.preparedQuery(GenerationLeaseSql.FIND_ERASED_ATTEMPTS)
                .execute(Tuple.of(nodeId))
                .map(rows -> {
                    List<FencingToken> found = new ArrayList<>(rows.size());
                    rows.forEach(row -> found.add(new FencingToken(
                            row.getUUID("generation_id"), row.getUUID("node_id"), row.getLong("lease_token"))));
                    return found;
                });
    }

    /** Stores that attempts of erased generations have ended. */
    public Future<Void> markErasedEnded(UUID nodeId, List<FencingToken> ended) {
        Tuple values = Tuple.of(
                nodeId,
                ended.stream().map(FencingToken::key).toArray(UUID[]::new),
                ended.stream().map(FencingToken::token).toArray(Long[]::new));
        return pool.preparedQuery(GenerationLeaseSql.MARK_ERASED_ATTEMPTS_ENDED)
                .execute(values)
                .mapEmpty();
    }

    private static Tuple tokenParameters(GenerationLease generationLease) {
        return LeasedQueueStore.tokenParameters(generationLease.fencingToken());
    }
}
