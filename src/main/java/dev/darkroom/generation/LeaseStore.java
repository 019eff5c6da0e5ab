package dev.darkroom.generation;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.database.Batch;
import dev.darkroom.database.Database;
import dev.darkroom.generation.RetryDecision.Reason;
import dev.darkroom.lease.Fence;
import dev.darkroom.lease.FenceStore;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.SqlConnection;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What workers and sweeps do with generations in PostgreSQL. Every transition is fenced: it completes with an empty
 * optional when the lease is no longer the one in the database, and has then changed nothing. Futures fail with the
 * driver's errors. Usable from any event loop.
 */
final class LeaseStore {
    /**
     * So many that a statement does not take long, and not too much is lost with it; while one is being committed the next
     * may be worked on. Whoever waits for longer is tried again, as after any failure.
     */
    private static final Batch.Limits BATCHES = new Batch.Limits(100, 2, Duration.ofSeconds(3));

    /** Its class is that of its last failure. */
    private static final Reason CANCELLED = new Reason("CANCELLED", null, "The generation was cancelled.", true);

    private final Database database;
    private final Pool pool;
    private final FenceStore fences;
    private final List<GenerationEndListener> listeners;
    /** Fenced, so that trying one again alone does no harm whatever became of the statement that it shared. */
    private final Batch<CompletionStore.Completion, Optional<Ended>> completions =
            new Batch<>(BATCHES, this::completeAll, error -> true, System::nanoTime);

    LeaseStore(Database database, List<GenerationEndListener> listeners) {
        this.database = database;
        // Not the pipelined client: these statements may wait for a row that another node is writing.
        this.pool = database.pool();
        this.fences = new FenceStore(pool, LeaseSql.QUEUE);
        this.listeners = List.copyOf(listeners);
    }

    /** A generation that has ended, and how long that took from its acceptance. */
    record Ended(EndedGeneration generation, Duration age) {}

    /** An attempt that was written, and when the next one is due. */
    record Requeued(int number, OffsetDateTime retryAt) {}

    /** A lease that nobody will end. */
    record Abandoned(Lease lease, boolean ownerAlive) {}

    /**
     * Sets the times of the queue anew after the database's clock has stepped.
     *
     * @param attempt how long an attempt may take
     * @param lifetime how long a generation may wait and be worked on
     */
    Future<Void> adjust(Duration step, Duration attempt, Duration lifetime) {
        return fences.adjust(
                database, LeaseSql.ADJUST, Tuple.of(step.toMillis(), attempt.toMillis(), lifetime.toMillis()));
    }

    /** Claims up to {@code limit} due generations for a node. */
    Future<List<Lease>> claim(UUID nodeId, String route, int limit, String backend, Duration attemptTimeout) {
        long askedAt = System.nanoTime();
        return pool.preparedQuery(LeaseSql.CLAIM)
                .execute(Tuple.of(nodeId, route, limit, backend, attemptTimeout.toMillis()))
                .map(rows -> {
                    // The database's clock has gone on while its answer travelled; at most so much of the spans is used
                    // up.
                    Duration used = Duration.ofNanos(System.nanoTime() - askedAt);
                    List<Lease> leases = new ArrayList<>(rows.size());
                    rows.forEach(row -> leases.add(lease(row, work(row), used)));
                    return leases;
                });
    }

    /** Ends a generation with pictures that are already whole in the store. */
    Future<Optional<Ended>> complete(Lease lease, List<KeptPicture> pictures) {
        return completions.add(new CompletionStore.Completion(lease, pictures));
    }

    private Future<List<Optional<Ended>>> completeAll(List<CompletionStore.Completion> given) {
        return end(LeaseSql.COMPLETE, CompletionStore.values(given), null)
                .map(ended -> given.stream()
                        .map(one -> Optional.ofNullable(ended.get(one.lease().generationId())))
                        .toList());
    }

    /** Ends a generation after an attempt, for a reason. */
    Future<Optional<Ended>> fail(Lease lease, AttemptOutcome outcome, boolean counted, Failure failure, Reason reason) {
        Tuple values = fence(lease)
                .addString(reason.code())
                .addString(reason.failureClass().name())
                .addString(reason.message())
                .addBoolean(reason.retryable());
        return end(LeaseSql.FAIL, addAttempt(values, outcome, counted, failure), reason)
                .map(ended -> Optional.ofNullable(ended.get(lease.generationId())));
    }

    /** Ends a generation whose time ran out while it waited. Its reason's class is that of its last failure. */
    Future<Optional<Ended>> expire(UUID generationId, Reason reason) {
        Tuple values = Tuple.of(generationId, reason.code(), reason.message(), reason.retryable());
        return end(LeaseSql.EXPIRE, values, reason).map(ended -> Optional.ofNullable(ended.get(generationId)));
    }

    /** Ends a generation that its user, or anybody's when that is null, wants no more; empty when there is none that has not ended. */
    Future<Optional<Ended>> cancel(UUID generationId, String userId) {
        Tuple values = Tuple.of(
                generationId,
                userId,
                CANCELLED.code(),
                CANCELLED.message(),
                CANCELLED.retryable(),
                "The attempt was broken off because its generation was cancelled.");
        return end(LeaseSql.CANCEL, values, CANCELLED).map(ended -> Optional.ofNullable(ended.get(generationId)));
    }

    /** Writes an attempt without success and makes the generation due again after {@code delay}. */
    Future<Optional<Requeued>> retry(
            Lease lease, AttemptOutcome outcome, boolean counted, Failure failure, Duration delay) {
        Tuple values = fence(lease)
                .addLong(delay.toMillis())
                .addInteger(counted ? 1 : 0)
                .addInteger(outcome == AttemptOutcome.LOST ? 1 : 0);
        return pool.preparedQuery(LeaseSql.RETRY)
                .execute(addAttempt(values, outcome, counted, failure))
                .map(rows -> first(rows)
                        .map(row -> new Requeued(row.getInteger("number"), row.getOffsetDateTime("retry_at"))));
    }

    /** Lets an attempt go on until the generation's deadline. True when its lease was still held. */
    Future<Boolean> extend(Lease lease) {
        return pool.preparedQuery(LeaseSql.EXTEND).execute(fence(lease)).map(rows -> rows.size() > 0);
    }

    /** Gives back a lease with which nothing was done. True when it was still held. */
    Future<Boolean> release(Lease lease) {
        return release(lease.fence());
    }

    /** The same, of one of which nothing else is known. */
    Future<Boolean> release(Fence fence) {
        return fences.release(fence);
    }

    /** Whether the attempt of a lease is already on record with an outcome. */
    Future<Boolean> recorded(Lease lease, AttemptOutcome outcome) {
        return pool.preparedQuery(LeaseSql.RECORDED)
                .execute(Tuple.of(lease.generationId(), lease.token(), outcome.name()))
                .map(rows -> rows.size() > 0);
    }

    /** Leases whose node is gone, or that outlived their attempt's deadline by more than {@code grace}. */
    Future<List<Abandoned>> abandoned(Duration grace, int limit) {
        return database.heartbeats()
                .preparedQuery(LeaseSql.ABANDONED)
                .execute(Tuple.of(grace.toMillis(), limit))
                .map(rows -> {
                    List<Abandoned> found = new ArrayList<>(rows.size());
                    rows.forEach(row ->
                            found.add(new Abandoned(lease(row, null, Duration.ZERO), row.getBoolean("owner_alive"))));
                    return found;
                });
    }

    /** Generations whose time ran out while they waited. */
    Future<List<UUID>> overdue(int limit) {
        return database.heartbeats()
                .preparedQuery(LeaseSql.OVERDUE)
                .execute(Tuple.of(limit))
                .map(rows -> {
                    List<UUID> found = new ArrayList<>(rows.size());
                    rows.forEach(row -> found.add(row.getUUID("generation_id")));
                    return found;
                });
    }

    /** Leases that this node holds, by the database's account, for at least {@code age}. */
    Future<List<Fence>> held(UUID nodeId, Duration age) {
        return fences.held(nodeId, age);
    }

    /** Attempts of this node whose generations were erased, as far as it has not stored that they have ended. */
    Future<List<Fence>> erased(UUID nodeId) {
        return pool.preparedQuery(LeaseSql.ERASED).execute(Tuple.of(nodeId)).map(rows -> {
            List<Fence> found = new ArrayList<>(rows.size());
            rows.forEach(row -> found.add(
                    new Fence(row.getUUID("generation_id"), row.getUUID("node_id"), row.getLong("lease_token"))));
            return found;
        });
    }

    /** Stores that these attempts of a node have ended. */
    Future<Void> erasedEnded(UUID nodeId, List<Fence> ended) {
        Tuple values = Tuple.of(
                nodeId,
                ended.stream().map(Fence::key).toArray(UUID[]::new),
                ended.stream().map(Fence::token).toArray(Long[]::new));
        return pool.preparedQuery(LeaseSql.ERASED_ENDED).execute(values).mapEmpty();
    }

    /**
     * Those that were ended, by their ids; the rest was no longer held.
     *
     * @param reason why they FAILED; null when they are COMPLETE
     */
    private Future<Map<UUID, Ended>> end(String sql, Tuple values, Reason reason) {
        List<Runnable> afterwards = new ArrayList<>();
        return database.inTransaction(connection -> connection
                        .preparedQuery(sql)
                        .execute(values)
                        .compose(rows -> {
                            Map<UUID, Ended> ended = new HashMap<>();
                            rows.forEach(row -> ended.put(row.getUUID("id"), ended(row, reason)));
                            return tellListeners(connection, generations(ended), afterwards)
                                    .compose(told -> PausePoint.BEFORE_COMMIT.pass(ended));
                        }))
                .compose(PausePoint.AFTER_COMMIT::pass)
                .onSuccess(ended -> afterwards.forEach(Runnable::run));
    }

    private static List<EndedGeneration> generations(Map<UUID, Ended> ended) {
        return ended.values().stream().map(Ended::generation).toList();
    }

    private static Ended ended(Row row, Reason reason) {
        return new Ended(
                new EndedGeneration(
                        row.getUUID("id"),
                        row.getString("user_id"),
                        reason == null ? GenerationStatus.COMPLETE : GenerationStatus.FAILED,
                        reason == null ? null : reason.code(),
                        reason == null ? null : reason.message(),
                        reason == null ? row.getInteger("image_count") : 0,
                        row.getInteger("failed_attempts")),
                Duration.ofMillis(row.getLong("age")));
    }

    private Future<Void> tellListeners(
            SqlConnection connection, List<EndedGeneration> ended, List<Runnable> afterwards) {
        Future<Void> told = Future.succeededFuture();
        if (!ended.isEmpty()) {
            for (GenerationEndListener listener : listeners) {
                told = told.compose(done -> listener.ended(connection, ended))
                        .onSuccess(afterwards::add)
                        .mapEmpty();
            }
        }
        return told;
    }

    private static Tuple fence(Lease lease) {
        return FenceStore.values(lease.fence());
    }

    private static Tuple addAttempt(Tuple values, AttemptOutcome outcome, boolean counted, Failure failure) {
        return values.addString(outcome.name())
                .addBoolean(counted)
                .addString(failure.failureClass().name())
                .addString(failure.code())
                .addString(failure.message())
                .addInteger(failure.httpStatus());
    }

    private static Lease lease(Row row, ImageRequest work, Duration used) {
        return new Lease(
                row.getUUID("generation_id"),
                row.getString("user_id"),
                row.getUUID("lease_owner"),
                row.getLong("lease_token"),
                row.getInteger("failed_attempts") + 1,
                row.getInteger("counted_failures"),
                row.getInteger("lost_attempts"),
                work == null ? null : atLeastAMilli(left(row, "attempt_budget", used)),
                left(row, "time_left", used),
                work);
    }

    private static Duration left(Row row, String column, Duration used) {
        return Duration.ofMillis(row.getLong(column)).minus(used);
    }

    private static Duration atLeastAMilli(Duration budget) {
        Duration milli = Duration.ofMillis(1);
        return budget.compareTo(milli) < 0 ? milli : budget;
    }

    private static ImageRequest work(Row row) {
        return new ImageRequest(
                row.getUUID("generation_id").toString(),
                row.getString("prompt"),
                row.getString("negative_prompt"),
                row.getInteger("width"),
                row.getInteger("height"),
                row.getInteger("image_count"),
                row.getLong("seed"),
                row.getString("model"));
    }

    private static Optional<Row> first(Iterable<Row> rows) {
        var iterator = rows.iterator();
        return iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
    }
}
