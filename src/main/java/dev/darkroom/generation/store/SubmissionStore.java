package dev.darkroom.generation.store;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseErrorClassifier;
import dev.darkroom.database.StatementBatcher;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.ImmediateStart.Permission.Started;
import dev.darkroom.generation.RequestWebhook;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.RouteOffer;
import dev.darkroom.generation.waiting.WaitingRequest;
import dev.darkroom.telemetry.TraceContext;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Stores new generations in PostgreSQL and counts the queue. One instance per process: two would not count the submissions of each other
 * and would let a user exceed a quota. Futures fail with the driver's errors and complete on the context of the caller. Usable from any
 * event loop.
 */
public final class SubmissionStore {
    /**
     * At most 50 submissions per statement, because the statement shares its connection. One statement at a time, so that each sees the
     * turns of the previous one. A submission that waits longer than 3 s fails and is not stored later.
     */
    private static final StatementBatcher.Limits BATCH_LIMITS =
            new StatementBatcher.Limits(50, 1, Duration.ofSeconds(3));

    /** Upper limit for the count of waiting generations. */
    private static final long MAX_COUNTED = 100_000;

    private final Database database;
    private final Settings.Generation settings;
    private final ImmediateStart immediateStart;
    private final StatementBatcher<Submission, Optional<Submitted>> statementBatcher;

    /**
     * @param immediateStart starts generations without a claim
     */
    public SubmissionStore(Database database, Settings.Generation settings, ImmediateStart immediateStart) {
        this.database = database;
        this.immediateStart = immediateStart;
        this.settings = settings;
        // A batch is retried one by one only when the database rejected it, so that one invalid submission does not
        // fail the others.
        // After any other failure it is unknown which rows are stored, and a retry could store them twice.
        this.statementBatcher = new StatementBatcher<>(
                BATCH_LIMITS,
                this::submitBatch,
                error -> DatabaseErrorClassifier.sqlState(error) != null
                        && !DatabaseErrorClassifier.isUnavailable(error),
                System::nanoTime);
    }

    /**
     * New generation.
     *
     * @param route key of the model in the queue
     * @param retryOf generation that it retries, null when it is no retry
     * @param key null without an idempotency key
     * @param webhook for the end of this generation, its URL already checked by the egress policy; null when there is none
     * @param waitingRequest request whose retries attach to the generation; null when there is none
     * @param trace of the acceptance; null without tracing
     */
    public record Submission(
            UUID id,
            String userId,
            String route,
            GenerationRequest request,
            UUID retryOf,
            IdempotencyKey key,
            RequestWebhook webhook,
            WaitingRequest waitingRequest,
            TraceContext trace) {

        /** Returns the submission with a trace. */
        public Submission withTrace(TraceContext context) {
            return new Submission(id, userId, route, request, retryOf, key, webhook, waitingRequest, context);
        }

        boolean isPlain() {
            return retryOf == null
                    && key == null
                    && webhook == null
                    && waitingRequest == null
                    && request.inputs().isEmpty();
        }

        /** @param createdAt time at which the database stored it */
        Generation toGeneration(Instant createdAt) {
            return new Generation(
                    id,
                    userId,
                    GenerationStatus.PENDING,
                    request,
                    null,
                    retryOf,
                    0,
                    List.of(),
                    List.of(),
                    null,
                    createdAt,
                    createdAt,
                    null);
        }
    }

    /**
     * Stored generation.
     *
     * @param slot of its first attempt, which the worker of this process runs; null when the generation waits for a claim
     */
    public record Submitted(Generation generation, RouteOffer.Slot slot) {
        /** Returns whether the worker of this process runs the first attempt. */
        public boolean started() {
            return slot != null;
        }
    }

    /** Earlier use of an idempotency key. */
    public record UsedKey(UUID generationId, String fingerprint) {}

    /**
     * Stores and queues a generation. Completes with it after the commit. Completes empty, with nothing stored, when its idempotency key
     * was used before or a quota is exceeded. Fails when it is not stored, or when the outcome is unknown: after a connection is lost
     * during the commit, the method reads the generation once more, and that read may fail too.
     */
    public Future<Optional<Submitted>> submit(Submission submission) {
        return onCallerContext(statementBatcher.add(submission))
                .recover(error -> DatabaseErrorClassifier.isOutcomeUnknown(error)
                        ? findStored(submission, error)
                        : Future.failedFuture(error));
    }

    /** Moves the result to the context of the caller, because another caller may have started the statement. */
    private static <T> Future<T> onCallerContext(Future<T> future) {
        Context caller = Vertx.currentContext();
        return caller == null ? future : Future.fromCompletionStage(future.toCompletionStage(), caller);
    }

    private Future<List<Optional<Submitted>>> submitBatch(List<Submission> batch) {
        boolean plain = batch.stream().allMatch(Submission::isPlain);
        Optional<ImmediateStart.Permission> permission = immediateStart.request(
                batch.stream().collect(Collectors.groupingBy(Submission::route, Collectors.summingInt(each -> 1))));
        long sentAt = System.nanoTime();
        return Future.succeededFuture()
                .compose(start -> database.client()
                        .preparedQuery(plain ? SubmissionSql.SUBMIT_PLAIN : SubmissionSql.SUBMIT)
                        .execute(SubmissionBatch.toParameters(batch, plain, settings, permission.orElse(null))))
                .map(rows -> toSubmitted(rows, batch))
                .onComplete(stored -> permission.ifPresent(permitted -> permitted.start(
                        stored.failed() ? List.of() : findStarted(stored.result(), batch),
                        settings.deadline(),
                        Duration.ofNanos(System.nanoTime() - sentAt))));
    }

    private static List<Started> findStarted(List<Optional<Submitted>> results, List<Submission> batch) {
        List<Started> started = new ArrayList<>();
        for (int i = 0; i < batch.size(); i++) {
            TraceContext trace = batch.get(i).trace();
            results.get(i)
                    .filter(Submitted::started)
                    .ifPresent(each -> started.add(new Started(each.generation(), each.slot(), trace)));
        }
        return started;
    }

    private static List<Optional<Submitted>> toSubmitted(RowSet<Row> rows, List<Submission> batch) {
        List<Optional<Submitted>> submitted = new ArrayList<>(Collections.nCopies(batch.size(), Optional.empty()));
        for (Row row : rows) {
            int index = row.getInteger("n") - 1;
            Instant createdAt = row.getOffsetDateTime("now").toInstant();
            Submission submission = batch.get(index);
            submitted.set(
                    index,
                    Optional.of(new Submitted(submission.toGeneration(createdAt), toSlot(submission.route(), row))));
        }
        return submitted;
    }

    private static RouteOffer.Slot toSlot(String route, Row row) {
        String backend = row.getString("backend");
        return backend == null
                ? null
                : new RouteOffer.Slot(route, backend, null, BackendSelection.valueOf(row.getString("selection")));
    }

    /** Returns the generation if it was stored in spite of the error. Does not submit again, because the client may be gone. */
    private Future<Optional<Submitted>> findStored(Submission submission, Throwable error) {
        // Uses the pool, because the pipelined client may not have detected the lost connection yet.
        return GenerationStore.find(database.pool(), submission.id(), submission.userId())
                .otherwise(Optional.empty())
                .compose(found -> found.isPresent()
                        ? Future.succeededFuture(found.map(generation -> new Submitted(generation, null)))
                        : Future.failedFuture(error));
    }

    /** Returns the earlier use of an idempotency key of a user; empty when there is none. */
    public Future<Optional<UsedKey>> findUsedKey(String userId, String key) {
        return database.client()
                .preparedQuery(SubmissionSql.FIND_IDEMPOTENCY_KEY)
                .execute(Tuple.of(userId, key))
                .map(rows -> {
                    for (Row row : rows) {
                        return Optional.of(new UsedKey(row.getUUID("generation_id"), row.getString("fingerprint")));
                    }
                    return Optional.empty();
                });
    }

    /** Quotas that a user has reached. */
    public record ReachedLimits(boolean pendingLimit, boolean dailyLimit) {}

    /** Returns the quotas that a user has reached now. */
    public Future<ReachedLimits> findReachedLimits(String userId) {
        return database.pool()
                .preparedQuery(SubmissionSql.FIND_REACHED_LIMITS)
                .execute(Tuple.of(userId, settings.maxPendingPerUser(), settings.maxPerDayPerUser()))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return new ReachedLimits(row.getBoolean("pending"), row.getBoolean("today"));
                });
    }

    /**
     * Size and throughput of the queue.
     *
     * @param waiting number of waiting generations, counted up to a limit
     * @param perSecond number of attempts that end per second in all live processes, 0 when unknown
     */
    public record Backlog(long waiting, double perSecond) {}

    /** Measures the backlog. */
    public Future<Backlog> measureBacklog() {
        // Uses the heartbeat connections, because the measurement is needed most under load.
        return database.heartbeats()
                .preparedQuery(SubmissionSql.MEASURE_BACKLOG)
                .execute(Tuple.of(MAX_COUNTED))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    Double perSecond = row.getDouble("per_second");
                    return new Backlog(row.getLong("waiting"), perSecond == null ? 0 : perSecond);
                });
    }

    /** Counts the generations of a route that would be ahead of a new one of a user, up to {@code limit}. */
    public Future<Long> countAhead(String userId, String route, long limit) {
        return database.pool()
                .preparedQuery(SubmissionSql.COUNT_AHEAD)
                .execute(Tuple.of(userId, route, limit))
                .map(rows -> rows.iterator().next().getLong("ahead"));
    }
}
