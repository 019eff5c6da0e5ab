package dev.darkroom.generation.store;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.database.Database;
import dev.darkroom.database.StatementBatcher;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.FaultInjectionPoint;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.RetryDecision.FailureReason;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.LeasedQueueStore;
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
public final class GenerationLeaseStore {
    /**
     * So many that a statement does not take long, and not too much is lost with it; while one is being committed the next
     * may be worked on. Whoever waits for longer is tried again, as after any failure.
     */
    private static final StatementBatcher.Limits BATCH_LIMITS =
            new StatementBatcher.Limits(100, 2, Duration.ofSeconds(3));

    /** Its class is that of its last failure. */
    private static final FailureReason CANCELLED_REASON =
            new FailureReason("CANCELLED", null, "The generation was cancelled.", true);

    private final Database database;
    private final Pool pool;
    private final LeasedQueueStore queue;
    private final List<GenerationFinishListener> finishListeners;
    /** Fenced, so that trying one again alone does no harm whatever became of the statement that it shared. */
    private final StatementBatcher<CompletionBatch.Completion, Optional<FinishRecord>> completions =
            new StatementBatcher<>(BATCH_LIMITS, this::completeBatch, error -> true, System::nanoTime);

    public GenerationLeaseStore(Database database, List<GenerationFinishListener> listeners) {
        this.database = database;
        // Not the pipelined client: these statements may wait for a row that another node is writing.
        this.pool = database.pool();
        this.queue = new LeasedQueueStore(pool, GenerationLeaseSql.QUEUE);
        this.finishListeners = List.copyOf(listeners);
    }

    /** A generation that has ended, and how long that took from its acceptance. */
    public record FinishRecord(FinishedGeneration generation, Duration totalTime) {}

    /** An attempt that was written, and when the next one is due. */
    public record Requeued(int number, OffsetDateTime retryAt) {}

    /** A lease that nobody will end. */
    public record AbandonedLease(GenerationLease generationLease, boolean ownerAlive) {}

    /**
     * Sets the times of the queue anew after the database's clock has stepped.
     *
     * @param attempt how long an attempt may take
     * @param lifetime how long a generation may wait and be worked on
     */
    public Future<Void> shiftTimes(Duration step, Duration attempt, Duration lifetime) {
        return queue.shiftTimes(
                database,
                GenerationLeaseSql.SHIFT_TIMES,
                Tuple.of(step.toMillis(), attempt.toMillis(), lifetime.toMillis()));
    }

    /** Claims up to {@code limit} due generations for a node. */
    public Future<List<GenerationLease>> claim(
            UUID nodeId, String route, int limit, String backend, Duration attemptTimeout) {
        long askedAt = System.nanoTime();
        return pool.preparedQuery(GenerationLeaseSql.CLAIM)
                .execute(Tuple.of(nodeId, route, limit, backend, attemptTimeout.toMillis()))
                .map(rows -> {
                    // The database's clock has gone on while its answer travelled; at most so much of the spans is used
                    // up.
                    Duration used = Duration.ofNanos(System.nanoTime() - askedAt);
                    List<GenerationLease> leases = new ArrayList<>(rows.size());
                    rows.forEach(row -> leases.add(toLease(row, toImageRequest(row), used)));
                    return leases;
                });
    }

    /** Ends a generation with pictures that are already whole in the store. */
    public Future<Optional<FinishRecord>> complete(GenerationLease generationLease, List<StoredImage> pictures) {
        return completions.add(new CompletionBatch.Completion(generationLease, pictures));
    }

    private Future<List<Optional<FinishRecord>>> completeBatch(List<CompletionBatch.Completion> given) {
        return finish(GenerationLeaseSql.COMPLETE, CompletionBatch.toParameters(given), null)
                .map(ended -> given.stream()
                        .map(one -> Optional.ofNullable(
                                ended.get(one.generationLease().generationId())))
                        .toList());
    }

    /** Ends a generation after an attempt, for a reason. */
    public Future<Optional<FinishRecord>> fail(
            GenerationLease generationLease,
            AttemptOutcome outcome,
            boolean counted,
            BackendFailure backendFailure,
            FailureReason failureReason) {
        Tuple values = tokenParameters(generationLease)
                .addString(failureReason.code())
                .addString(failureReason.failureClass().name())
                .addString(failureReason.message())
                .addBoolean(failureReason.retryable());
        return finish(
                        GenerationLeaseSql.FAIL,
                        addAttemptParameters(values, outcome, counted, backendFailure),
                        failureReason)
                .map(ended -> Optional.ofNullable(ended.get(generationLease.generationId())));
    }

    /** Ends a generation whose time ran out while it waited. Its reason's class is that of its last failure. */
    public Future<Optional<FinishRecord>> expire(UUID generationId, FailureReason failureReason) {
        Tuple values = Tuple.of(generationId, failureReason.code(), failureReason.message(), failureReason.retryable());
        return finish(GenerationLeaseSql.EXPIRE, values, failureReason)
                .map(ended -> Optional.ofNullable(ended.get(generationId)));
    }

    /** Ends a generation that its user, or anybody's when that is null, wants no more; empty when there is none that has not ended. */
    public Future<Optional<FinishRecord>> cancel(UUID generationId, String userId) {
        Tuple values = Tuple.of(
                generationId,
                userId,
                CANCELLED_REASON.code(),
                CANCELLED_REASON.message(),
                CANCELLED_REASON.retryable(),
                "The attempt was aborted because its generation was cancelled.");
        return finish(GenerationLeaseSql.CANCEL, values, CANCELLED_REASON)
                .map(ended -> Optional.ofNullable(ended.get(generationId)));
    }

    /** Writes an attempt without success and makes the generation due again after {@code delay}. */
    public Future<Optional<Requeued>> retry(
            GenerationLease generationLease,
            AttemptOutcome outcome,
            boolean counted,
            BackendFailure backendFailure,
            Duration delay) {
        Tuple values = tokenParameters(generationLease)
                .addLong(delay.toMillis())
                .addInteger(counted ? 1 : 0)
                .addInteger(outcome == AttemptOutcome.LOST ? 1 : 0);
        return pool.preparedQuery(GenerationLeaseSql.RETRY)
                .execute(addAttemptParameters(values, outcome, counted, backendFailure))
                .map(rows -> firstRow(rows)
                        .map(row -> new Requeued(row.getInteger("number"), row.getOffsetDateTime("retry_at"))));
    }

    /** Lets an attempt go on until the generation's deadline. True when its lease was still held. */
    public Future<Boolean> extend(GenerationLease generationLease) {
        return pool.preparedQuery(GenerationLeaseSql.EXTEND_ATTEMPT)
                .execute(tokenParameters(generationLease))
                .map(rows -> rows.size() > 0);
    }

    /** Gives back a lease with which nothing was done. True when it was still held. */
    public Future<Boolean> release(GenerationLease generationLease) {
        return release(generationLease.fencingToken());
    }

    /** The same, of one of which nothing else is known. */
    public Future<Boolean> release(FencingToken fencingToken) {
        return queue.release(fencingToken);
    }

    /** Whether the attempt of a lease is already on record with an outcome. */
    public Future<Boolean> isRecorded(GenerationLease generationLease, AttemptOutcome outcome) {
        return pool.preparedQuery(GenerationLeaseSql.FIND_RECORDED_ATTEMPT)
                .execute(Tuple.of(generationLease.generationId(), generationLease.token(), outcome.name()))
                .map(rows -> rows.size() > 0);
    }

    /** Leases whose node is gone, or that outlived their attempt's deadline by more than {@code grace}. */
    public Future<List<AbandonedLease>> findAbandoned(Duration grace, int limit) {
        return database.heartbeats()
                .preparedQuery(GenerationLeaseSql.FIND_ABANDONED)
                .execute(Tuple.of(grace.toMillis(), limit))
                .map(rows -> {
                    List<AbandonedLease> found = new ArrayList<>(rows.size());
                    rows.forEach(row -> found.add(
                            new AbandonedLease(toLease(row, null, Duration.ZERO), row.getBoolean("owner_alive"))));
                    return found;
                });
    }

    /** Generations whose time ran out while they waited. */
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

    /** Leases that this node holds, by the database's account, for at least {@code age}. */
    public Future<List<FencingToken>> findHeld(UUID nodeId, Duration age) {
        return queue.findHeld(nodeId, age);
    }

    /** Attempts of this node whose generations were erased, as far as it has not stored that they have ended. */
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

    /** Stores that these attempts of a node have ended. */
    public Future<Void> markErasedEnded(UUID nodeId, List<FencingToken> ended) {
        Tuple values = Tuple.of(
                nodeId,
                ended.stream().map(FencingToken::key).toArray(UUID[]::new),
                ended.stream().map(FencingToken::token).toArray(Long[]::new));
        return pool.preparedQuery(GenerationLeaseSql.MARK_ERASED_ATTEMPTS_ENDED)
                .execute(values)
                .mapEmpty();
    }

    /**
     * Those that were ended, by their ids; the rest was no longer held.
     *
     * @param failureReason why they FAILED; null when they are COMPLETE
     */
    private Future<Map<UUID, FinishRecord>> finish(String sql, Tuple values, FailureReason failureReason) {
        List<Runnable> afterwards = new ArrayList<>();
        return database.inTransaction(connection -> connection
                        .preparedQuery(sql)
                        .execute(values)
                        .compose(rows -> {
                            Map<UUID, FinishRecord> ended = new HashMap<>();
                            rows.forEach(row -> ended.put(row.getUUID("id"), toFinishRecord(row, failureReason)));
                            return notifyListeners(connection, toGenerations(ended), afterwards)
                                    .compose(told -> FaultInjectionPoint.BEFORE_COMMIT.pauseIfSelected(ended));
                        }))
                .compose(FaultInjectionPoint.AFTER_COMMIT::pauseIfSelected)
                .onSuccess(ended -> afterwards.forEach(Runnable::run));
    }

    private static List<FinishedGeneration> toGenerations(Map<UUID, FinishRecord> ended) {
        return ended.values().stream().map(FinishRecord::generation).toList();
    }

    private static FinishRecord toFinishRecord(Row row, FailureReason failureReason) {
        return new FinishRecord(
                new FinishedGeneration(
                        row.getUUID("id"),
                        row.getString("user_id"),
                        failureReason == null ? GenerationStatus.COMPLETE : GenerationStatus.FAILED,
                        failureReason == null ? null : failureReason.code(),
                        failureReason == null ? null : failureReason.message(),
                        failureReason == null ? row.getInteger("image_count") : 0,
                        row.getInteger("failed_attempts")),
                Duration.ofMillis(row.getLong("age")));
    }

    private Future<Void> notifyListeners(
            SqlConnection connection, List<FinishedGeneration> ended, List<Runnable> afterwards) {
        Future<Void> told = Future.succeededFuture();
        if (!ended.isEmpty()) {
            for (GenerationFinishListener listener : finishListeners) {
                told = told.compose(done -> listener.onFinished(connection, ended))
                        .onSuccess(afterwards::add)
                        .mapEmpty();
            }
        }
        return told;
    }

    private static Tuple tokenParameters(GenerationLease generationLease) {
        return LeasedQueueStore.tokenParameters(generationLease.fencingToken());
    }

    private static Tuple addAttemptParameters(
            Tuple values, AttemptOutcome outcome, boolean counted, BackendFailure backendFailure) {
        return values.addString(outcome.name())
                .addBoolean(counted)
                .addString(backendFailure.failureClass().name())
                .addString(backendFailure.code())
                .addString(backendFailure.message())
                .addInteger(backendFailure.httpStatus());
    }

    private static GenerationLease toLease(Row row, ImageRequest work, Duration used) {
        return new GenerationLease(
                row.getUUID("generation_id"),
                row.getString("user_id"),
                row.getUUID("lease_owner"),
                row.getLong("lease_token"),
                row.getInteger("failed_attempts") + 1,
                row.getInteger("counted_failures"),
                row.getInteger("lost_attempts"),
                work == null ? null : atLeastOneMilli(remaining(row, "attempt_budget", used)),
                remaining(row, "time_left", used),
                work);
    }

    private static Duration remaining(Row row, String column, Duration used) {
        return Duration.ofMillis(row.getLong(column)).minus(used);
    }

    private static Duration atLeastOneMilli(Duration budget) {
        Duration milli = Duration.ofMillis(1);
        return budget.compareTo(milli) < 0 ? milli : budget;
    }

    private static ImageRequest toImageRequest(Row row) {
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

    private static Optional<Row> firstRow(Iterable<Row> rows) {
        var iterator = rows.iterator();
        return iterator.hasNext() ? Optional.of(iterator.next()) : Optional.empty();
    }
}
