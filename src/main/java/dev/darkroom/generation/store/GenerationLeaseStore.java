package dev.darkroom.generation.store;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.backend.JobReference;
import dev.darkroom.database.Database;
import dev.darkroom.database.StatementBatcher;
import dev.darkroom.database.TransactionScope;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.FaultInjectionPoint;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.StoredImage;
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
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * Claims, ends and reclaims generations in PostgreSQL. Every transition is fenced: it completes with an empty optional, and changes
 * nothing, when the lease is lost. Futures fail with the driver's errors. Usable from any event loop.
 */
public final class GenerationLeaseStore {
    /**
     * At most 100 completions per statement, to bound its duration and the effect of a failure. Two statements at once, so that one can
     * run while the other commits. A completion that waits longer than 3 s fails and is retried, as after any failure.
     */
    private static final StatementBatcher.Limits BATCH_LIMITS =
            new StatementBatcher.Limits(100, 2, Duration.ofSeconds(3));

    /** Without an error class: the statement uses that of the last failure. */
    private static final GenerationError CANCELLED_ERROR =
            new GenerationError("CANCELLED", null, "The generation was cancelled.", true);

    private final Database database;
    private final Pool pool;
    private final LeasedQueueStore queue;
    private final List<GenerationFinishListener> finishListeners;
    /** Retries a completion alone after any failure of the shared statement. Safe, because completions are fenced. */
    private final StatementBatcher<CompletionBatch.Completion, Optional<FinishRecord>> completions =
            new StatementBatcher<>(BATCH_LIMITS, this::completeBatch, error -> true, System::nanoTime);

    /** @param finishListeners called inside the transactions that end generations */
    public GenerationLeaseStore(Database database, List<GenerationFinishListener> finishListeners) {
        this.database = database;
        // Not the pipelined client, because these statements may wait for a row lock of another node.
        this.pool = database.pool();
        this.queue = new LeasedQueueStore(pool, GenerationLeaseSql.QUEUE);
        this.finishListeners = List.copyOf(finishListeners);
    }

    /** Ended generation, and the time from its acceptance to its end. */
    public record FinishRecord(FinishedGeneration generation, Duration totalTime) {}

    /** Job of an earlier attempt with an unknown outcome, which may still run at the AI server. */
    public record UnresolvedJob(String backend, JobReference job) {}

    /**
     * Cancelled generation.
     *
     * @param unresolvedJob job that no attempt will look up; null when there is none, or when an attempt was running
     */
    public record Cancelled(FinishRecord finishRecord, UnresolvedJob unresolvedJob) {}

    /** Number of a stored attempt, and the due time of the next one. */
    public record Requeued(int number, OffsetDateTime retryAt) {}

    /** Lease of a dead node, or of a live one past the deadline of the attempt. */
    public record AbandonedLease(GenerationLease generationLease, boolean ownerAlive) {}

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

    /** Completes a generation after all of its images are stored. */
    public Future<Optional<FinishRecord>> complete(GenerationLease generationLease, List<StoredImage> images) {
        return completions.add(new CompletionBatch.Completion(generationLease, images));
    }

    private Future<List<Optional<FinishRecord>>> completeBatch(List<CompletionBatch.Completion> batch) {
        return finish(GenerationLeaseSql.COMPLETE, CompletionBatch.toParameters(batch), null)
                .map(finished -> batch.stream()
                        .map(completion -> Optional.ofNullable(
                                finished.get(completion.generationLease().generationId())))
                        .toList());
    }

    /** Fails a generation after an attempt. */
    public Future<Optional<FinishRecord>> fail(
            GenerationLease generationLease,
            AttemptOutcome outcome,
            boolean counted,
            BackendFailure backendFailure,
            GenerationError error) {
        Tuple values = tokenParameters(generationLease)
                .addString(error.code())
                .addString(error.failureClass().name())
                .addString(error.message())
                .addBoolean(error.retryable());
        return finish(GenerationLeaseSql.FAIL, addAttemptParameters(values, outcome, counted, backendFailure), error)
                .map(finished -> Optional.ofNullable(finished.get(generationLease.generationId())));
    }

    /** Fails a generation that waited past its deadline. Its error class is that of its last failure, not of {@code error}. */
    public Future<Optional<FinishRecord>> expire(UUID generationId, GenerationError error) {
        Tuple values = Tuple.of(generationId, error.code(), error.message(), error.retryable());
        return finish(GenerationLeaseSql.EXPIRE, values, error)
                .map(finished -> Optional.ofNullable(finished.get(generationId)));
    }

    /** Cancels a generation of a user, or of any user when {@code userId} is null; empty when there is no pending one. */
    public Future<Optional<Cancelled>> cancel(UUID generationId, String userId) {
        Tuple values = Tuple.of(
                generationId,
                userId,
                CANCELLED_ERROR.code(),
                CANCELLED_ERROR.message(),
                CANCELLED_ERROR.retryable(),
                "The attempt was aborted because its generation was cancelled.");
        AtomicReference<UnresolvedJob> job = new AtomicReference<>();
        return finish(
                        GenerationLeaseSql.CANCEL,
                        values,
                        CANCELLED_ERROR,
                        row -> job.set(GenerationLeaseRowMapper.toUnresolvedJob(row)))
                .map(finished -> Optional.ofNullable(finished.get(generationId))
                        .map(finishRecord -> new Cancelled(finishRecord, job.get())));
    }

    /**
     * Stores an attempt without success and makes the generation due again after {@code delay}.
     *
     * @param unresolvedJob job that the next attempt has to look up, because its outcome is unknown; null when there is none
     */
    public Future<Optional<Requeued>> retry(
            GenerationLease generationLease,
            AttemptOutcome outcome,
            boolean counted,
            BackendFailure backendFailure,
            Duration delay,
            JobReference unresolvedJob) {
        Tuple values = tokenParameters(generationLease)
                .addLong(delay.toMillis())
                .addInteger(counted ? 1 : 0)
                .addInteger(outcome == AttemptOutcome.LOST ? 1 : 0);
        return pool.preparedQuery(GenerationLeaseSql.RETRY)
                .execute(addAttemptParameters(values, outcome, counted, backendFailure)
                        .addBoolean(unresolvedJob != null)
                        .addString(unresolvedJob == null ? null : unresolvedJob.providerId()))
                .map(rows -> rows.stream()
                        .findFirst()
                        .map(row -> new Requeued(row.getInteger("number"), row.getOffsetDateTime("retry_at"))));
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

    /** Stores the progress of the job of a lease. Returns whether the lease was still held. */
    public Future<Boolean> storeProgress(GenerationLease generationLease, JobProgress progress) {
        return pool.preparedQuery(GenerationLeaseSql.STORE_PROGRESS)
                .execute(tokenParameters(generationLease)
                        .addInteger(progress.percent())
                        .addInteger(progress.queuePosition()))
                .map(rows -> rows.size() > 0);
    }

    /** Releases a lease without writing an attempt, and forgets its job, which does not exist. Returns whether it was still held. */
    public Future<Boolean> releaseWithoutJob(GenerationLease generationLease) {
        return pool.preparedQuery(GenerationLeaseSql.RELEASE_WITHOUT_JOB)
                .execute(tokenParameters(generationLease))
                .map(rows -> rows.size() > 0);
    }

    /** Releases a lease without writing an attempt. Returns whether it was still held. */
    public Future<Boolean> release(GenerationLease generationLease) {
        return release(generationLease.fencingToken());
    }

    /** As {@link #release(GenerationLease)}, for a lease of which only the token is known. */
    public Future<Boolean> release(FencingToken fencingToken) {
        return queue.release(fencingToken);
    }

    /** Returns whether a user has cancelled a generation. */
    public Future<Boolean> isCancelled(UUID generationId) {
        return pool.preparedQuery(GenerationLeaseSql.FIND_CANCELLED)
                .execute(Tuple.of(generationId, CANCELLED_ERROR.code()))
                .map(rows -> rows.size() > 0);
    }

    /** Returns whether the attempt of a lease is already stored with an outcome. */
    public Future<Boolean> isRecorded(GenerationLease generationLease, AttemptOutcome outcome) {
        return pool.preparedQuery(GenerationLeaseSql.FIND_RECORDED_ATTEMPT)
                .execute(Tuple.of(generationLease.generationId(), generationLease.token(), outcome.name()))
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
                            GenerationLeaseRowMapper.toAbandonedLease(row), row.getBoolean("owner_alive"))));
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

    /**
     * Ends generations in a transaction with the finish listeners. Returns the ended ones by id; the leases of the others are lost.
     *
     * @param error reason of the failure; null when they are COMPLETE
     */
    private Future<Map<UUID, FinishRecord>> finish(String sql, Tuple values, GenerationError error) {
        return finish(sql, values, error, row -> {});
    }

    /** @param rowReader reads further columns of each row */
    private Future<Map<UUID, FinishRecord>> finish(
            String sql, Tuple values, GenerationError error, Consumer<Row> rowReader) {
        return database.inTransaction(scope -> scope.connection()
                .preparedQuery(sql)
                .execute(values)
                .compose(rows -> {
                    Map<UUID, FinishRecord> finished = new HashMap<>();
                    rows.forEach(row -> finished.put(
                            row.getUUID("id"),
                            new FinishRecord(
                                    GenerationLeaseRowMapper.toFinishedGeneration(row, error),
                                    Duration.ofMillis(row.getLong("age")))));
                    rows.forEach(rowReader);
                    scope.afterCommit(FaultInjectionPoint.AFTER_COMMIT::blockIfSelected);
                    return notifyListeners(scope, toGenerations(finished))
                            .compose(notified -> FaultInjectionPoint.BEFORE_COMMIT.pauseIfSelected(finished));
                }));
    }

    private static List<FinishedGeneration> toGenerations(Map<UUID, FinishRecord> finished) {
        return finished.values().stream().map(FinishRecord::generation).toList();
    }

    private Future<Void> notifyListeners(TransactionScope scope, List<FinishedGeneration> finished) {
        Future<Void> notified = Future.succeededFuture();
        if (!finished.isEmpty()) {
            for (GenerationFinishListener listener : finishListeners) {
                notified = notified.compose(done -> listener.onFinished(scope, finished));
            }
        }
        return notified;
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
}
