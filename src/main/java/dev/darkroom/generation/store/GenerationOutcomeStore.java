package dev.darkroom.generation.store;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.JobReference;
import dev.darkroom.database.Database;
import dev.darkroom.database.StatementBatcher;
import dev.darkroom.database.TransactionScope;
import dev.darkroom.generation.AttemptBilling;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.FaultInjectionPoint;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.queue.LeasedQueueStore;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
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
 * Ends and requeues generations in PostgreSQL. Every change is fenced: it completes with an empty optional, and changes nothing, when the
 * lease is lost. Futures fail with the driver's errors. Usable from any event loop.
 */
public final class GenerationOutcomeStore {
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
    private final List<GenerationFinishListener> finishListeners;
    /** Retries a completion alone after any failure of the shared statement. Safe, because completions are fenced. */
    private final StatementBatcher<CompletionBatch.Completion, Optional<FinishRecord>> completions =
            new StatementBatcher<>(BATCH_LIMITS, this::completeBatch, error -> true, System::nanoTime);

    /** @param finishListeners called inside the transactions that end generations */
    public GenerationOutcomeStore(Database database, List<GenerationFinishListener> finishListeners) {
        this.database = database;
        // Not the pipelined client, because these statements may wait for a row lock of another node.
        this.pool = database.pool();
        this.finishListeners = List.copyOf(finishListeners);
    }

    /**
     * Ended generation.
     *
     * @param unresolvedJob job of a cancelled generation that no attempt will look up; null when there is none, or when an attempt was
     *     running
     */
    public record FinishRecord(FinishedGeneration generation, UnresolvedJob unresolvedJob) {}

    /** Job of an earlier attempt with an unknown outcome, which may still run at the AI server. */
    public record UnresolvedJob(String backend, JobReference job) {}

    /** Number of a stored attempt, and the due time of the next one. */
    public record Requeued(int number, OffsetDateTime retryAt) {}

    /** Completes a generation after all of its images are stored. */
    public Future<Optional<FinishRecord>> complete(
            GenerationLease generationLease, List<StoredImage> images, AttemptBilling billing) {
        return completions.add(new CompletionBatch.Completion(generationLease, images, billing));
    }

    private Future<List<Optional<FinishRecord>>> completeBatch(List<CompletionBatch.Completion> batch) {
        return finish(GenerationOutcomeSql.COMPLETE, CompletionBatch.toParameters(batch), null)
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
            GenerationError error,
            AttemptBilling billing) {
        Tuple values = LeasedQueueStore.tokenParameters(generationLease.fencingToken())
                .addString(error.code())
                .addString(error.failureClass().name())
                .addString(error.message())
                .addBoolean(error.retryable());
        addAttemptParameters(values, outcome, counted, backendFailure);
        return finish(GenerationOutcomeSql.FAIL, addBilling(values, billing), error)
                .map(finished -> Optional.ofNullable(finished.get(generationLease.generationId())));
    }

    /** Fails a generation that waited past its deadline. Its error class is that of its last failure, not of {@code error}. */
    public Future<Optional<FinishRecord>> expire(UUID generationId, GenerationError error) {
        Tuple values = Tuple.of(generationId, error.code(), error.message(), error.retryable());
        return finish(GenerationOutcomeSql.EXPIRE, values, error)
                .map(finished -> Optional.ofNullable(finished.get(generationId)));
    }

    /** Cancels a generation of a user, or of any user when {@code userId} is null; empty when there is no pending one. */
    public Future<Optional<FinishRecord>> cancel(UUID generationId, String userId) {
        Tuple values = Tuple.of(
                generationId,
                userId,
                CANCELLED_ERROR.code(),
                CANCELLED_ERROR.message(),
                CANCELLED_ERROR.retryable(),
                "The attempt was aborted because its generation was cancelled.");
        return finish(GenerationOutcomeSql.CANCEL, values, CANCELLED_ERROR)
                .map(finished -> Optional.ofNullable(finished.get(generationId)));
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
            JobReference unresolvedJob,
            AttemptBilling billing) {
        Tuple values = LeasedQueueStore.tokenParameters(generationLease.fencingToken())
                .addLong(delay.toMillis())
                .addInteger(counted ? 1 : 0)
                .addInteger(outcome == AttemptOutcome.LOST ? 1 : 0);
        addAttemptParameters(values, outcome, counted, backendFailure)
                .addBoolean(unresolvedJob != null)
                .addString(unresolvedJob == null ? null : unresolvedJob.providerId());
        return pool.preparedQuery(GenerationOutcomeSql.RETRY)
                .execute(addBilling(values, billing))
                .map(rows -> rows.stream()
                        .findFirst()
                        .map(row -> new Requeued(row.getInteger("number"), row.getOffsetDateTime("retry_at"))));
    }

    /** Returns whether a user has cancelled a generation. */
    public Future<Boolean> isCancelled(UUID generationId) {
        return pool.preparedQuery(GenerationOutcomeSql.FIND_CANCELLED)
                .execute(Tuple.of(generationId, CANCELLED_ERROR.code()))
                .map(rows -> rows.size() > 0);
    }

    /** Returns whether the attempt of a lease is already stored with an outcome. */
    public Future<Boolean> isRecorded(GenerationLease generationLease, AttemptOutcome outcome) {
        return pool.preparedQuery(GenerationOutcomeSql.FIND_RECORDED_ATTEMPT)
                .execute(Tuple.of(generationLease.generationId(), generationLease.token(), outcome.name()))
                .map(rows -> rows.size() > 0);
    }

    /**
     * Ends generations in a transaction with the finish listeners. Returns the ended ones by id; the leases of the others are lost.
     *
     * @param error reason of the failure; null when they are COMPLETE
     */
    private Future<Map<UUID, FinishRecord>> finish(String sql, Tuple values, GenerationError error) {
        return database.inTransaction(scope -> scope.connection()
                .preparedQuery(sql)
                .execute(values)
                .compose(rows -> {
                    Map<UUID, FinishRecord> finished = new HashMap<>();
                    rows.forEach(row ->
                            finished.put(row.getUUID("id"), GenerationLeaseRowMapper.toFinishRecord(row, error)));
                    scope.afterCommit(FaultInjectionPoint.AFTER_COMMIT::blockIfSelected);
                    return settle(scope, rows)
                            .compose(settled -> notifyListeners(scope, toGenerations(finished)))
                            .compose(notified -> FaultInjectionPoint.BEFORE_COMMIT.pauseIfSelected(finished));
                }));
    }

    /** Settles the reservations of completed attempts. The other statements settle theirs themselves. */
    private static Future<Void> settle(TransactionScope scope, RowSet<Row> rows) {
        if (!rows.columnsNames().contains("reserved_budgets")) {
            return Future.succeededFuture();
        }
        List<Long> budgets = new ArrayList<>();
        List<Long> reserved = new ArrayList<>();
        List<Long> costs = new ArrayList<>();
        for (Row row : rows) {
            Long[] ids = row.getArrayOfLongs("reserved_budgets");
            for (int i = 0; ids != null && i < ids.length; i++) {
                budgets.add(ids[i]);
                reserved.add(row.getLong("attempt_cost"));
                costs.add(row.getLong("cost_micros"));
            }
        }
        return budgets.isEmpty()
                ? Future.succeededFuture()
                : scope.connection()
                        .preparedQuery(GenerationBudgetSql.SETTLE)
                        .execute(Tuple.of(
                                budgets.toArray(Long[]::new),
                                reserved.toArray(Long[]::new),
                                costs.toArray(Long[]::new)))
                        .mapEmpty();
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

    private static Tuple addAttemptParameters(
            Tuple values, AttemptOutcome outcome, boolean counted, BackendFailure backendFailure) {
        return values.addString(outcome.name())
                .addBoolean(counted)
                .addString(backendFailure.failureClass().name())
                .addString(backendFailure.code())
                .addString(backendFailure.message())
                .addInteger(backendFailure.httpStatus());
    }

    private static Tuple addBilling(Tuple values, AttemptBilling billing) {
        return values.addBoolean(billing.submitted())
                .addLong(CompletionBatch.costMicros(billing))
                .addString(CompletionBatch.costSource(billing));
    }
}
