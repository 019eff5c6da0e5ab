package dev.darkroom.generation.store;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseErrorClassifier;
import dev.darkroom.database.StatementBatcher;
import dev.darkroom.generation.BacklogEstimator;
import dev.darkroom.generation.GenerationRequest;
import dev.darkroom.generation.IdempotencyKey;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * How generations get into PostgreSQL, and how many are there before them. One for all verticles of a process: two would each not
 * count what the other stores at that moment, and let a user have more than is allowed. Futures fail with the driver's errors, and
 * complete where they were asked for. Usable from any event loop.
 */
public final class SubmissionStore {
    /**
     * So many that a statement does not take long on a connection that others share. One at a time, so that each sees the turns
     * that the one before gave. A caller who has waited for longer is told so, and the generation not stored behind his back.
     */
    private static final StatementBatcher.Limits BATCH_LIMITS =
            new StatementBatcher.Limits(50, 1, Duration.ofSeconds(3));

    private final Database database;
    private final String route;
    private final Settings.Generation settings;
    private final StatementBatcher<Submission, Optional<JsonObject>> statementBatcher;

    /** @param route which backends may do the work that is submitted */
    public SubmissionStore(Database database, String route, Settings.Generation settings) {
        this.database = database;
        this.route = route;
        this.settings = settings;
        // One that the tables refuse must not take its neighbours with it. After any other failure nobody knows what is
        // stored, and sending it again could store it twice.
        this.statementBatcher = new StatementBatcher<>(
                BATCH_LIMITS,
                this::submitBatch,
                error -> DatabaseErrorClassifier.sqlState(error) != null
                        && !DatabaseErrorClassifier.isUnavailable(error),
                System::nanoTime);
    }

    /**
     * A generation that is to be stored.
     *
     * @param retryOf the one that it tries again, null when it is none
     * @param key null when its caller named none
     * @param webhookUrl where its end is to be told, judged already; null when nowhere but where its user always is
     */
    public record Submission(
            UUID id, String userId, GenerationRequest request, UUID retryOf, IdempotencyKey key, String webhookUrl) {

        JsonObject toJson(int position) {
            return new JsonObject()
                    .put("n", position)
                    .put("id", id.toString())
                    .put("user_id", userId)
                    .put("prompt", request.prompt())
                    .put("negative_prompt", request.negativePrompt())
                    .put("width", request.width())
                    .put("height", request.height())
                    .put("image_count", request.count())
                    .put("seed", request.seed())
                    .put("model", request.model())
                    .put("metadata", request.metadata())
                    .put("priority", request.priority())
                    .put("retry_of", retryOf == null ? null : retryOf.toString())
                    .put("key", key == null ? null : key.key())
                    .put("fingerprint", key == null ? null : key.fingerprint())
                    .put("webhook_url", webhookUrl);
        }
    }

    /** What a key was used for before. */
    public record UsedKey(UUID generationId, String fingerprint) {}

    /**
     * Stores and queues a generation; completes with it once it is durable, or empty, with nothing stored, when its key has been used
     * before or it is one too many for its user. Fails when it is not stored, or when nobody can be asked whether it is: a
     * connection may break after the commit, and then the database has to answer once more.
     */
    public Future<Optional<JsonObject>> submit(Submission submission) {
        return onCallerContext(statementBatcher.add(submission))
                .recover(error -> DatabaseErrorClassifier.isOutcomeUnknown(error)
                        ? findStored(submission, error)
                        : Future.failedFuture(error));
    }

    /** Back from the event loop of whoever made the statement go, which is another's as often as not. */
    private static <T> Future<T> onCallerContext(Future<T> future) {
        Context caller = Vertx.currentContext();
        return caller == null ? future : Future.fromCompletionStage(future.toCompletionStage(), caller);
    }

    private Future<List<Optional<JsonObject>>> submitBatch(List<Submission> given) {
        JsonArray rows = new JsonArray();
        given.forEach(one -> rows.add(one.toJson(rows.size())));
        return database.client()
                .preparedQuery(GenerationSql.SUBMIT)
                .execute(Tuple.of(
                        rows,
                        route,
                        settings.deadline().toMillis(),
                        settings.maxPendingPerUser(),
                        settings.maxPerDayPerUser()))
                .map(stored -> {
                    Map<UUID, JsonObject> byId = new HashMap<>();
                    stored.forEach(row -> byId.put(row.getUUID("id"), GenerationRowMapper.toJson(row)));
                    return given.stream()
                            .map(one -> Optional.ofNullable(byId.get(one.id())))
                            .toList();
                });
    }

    /** The generation if it was stored after all. Looked up and not sent again: the caller may be long gone. */
    private Future<Optional<JsonObject>> findStored(Submission submission, Throwable error) {
        // Not by the client, which may not have noticed yet that this connection is gone.
        return GenerationStore.find(database.pool(), submission.id(), submission.userId())
                .otherwise(Optional.empty())
                .compose(found -> found.isPresent() ? Future.succeededFuture(found) : Future.failedFuture(error));
    }

    /** What a user's key was used for; empty when it was not. */
    public Future<Optional<UsedKey>> findUsedKey(String userId, String key) {
        return database.client()
                .preparedQuery(GenerationSql.FIND_IDEMPOTENCY_KEY)
                .execute(Tuple.of(userId, key))
                .map(rows -> {
                    for (Row row : rows) {
                        return Optional.of(new UsedKey(row.getUUID("generation_id"), row.getString("fingerprint")));
                    }
                    return Optional.empty();
                });
    }

    /** Limits that a user has reached. */
    public record ReachedLimits(boolean pendingLimit, boolean dailyLimit) {}

    /** Which limits a user has reached now. */
    public Future<ReachedLimits> findReachedLimits(String userId) {
        return database.pool()
                .preparedQuery(GenerationSql.FIND_REACHED_LIMITS)
                .execute(Tuple.of(userId, route, settings.maxPendingPerUser(), settings.maxPerDayPerUser()))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return new ReachedLimits(row.getBoolean("pending"), row.getBoolean("today"));
                });
    }

    /** Brings a backlog up to date. */
    public Future<Void> measureBacklog(BacklogEstimator backlogEstimator) {
        // With the signs of life, since it is wanted most when there is most to do.
        return database.heartbeats()
                .preparedQuery(GenerationSql.MEASURE_BACKLOG)
                .execute(Tuple.of(route, BacklogEstimator.MAX_COUNTED))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    Double perSecond = row.getDouble("per_second");
                    backlogEstimator.update(row.getLong("waiting"), perSecond == null ? 0 : perSecond);
                    return null;
                });
    }

    /** How many would go before one more generation of a user, counted up to {@code limit}. */
    public Future<Long> countAhead(String userId, long limit) {
        return database.pool()
                .preparedQuery(GenerationSql.COUNT_AHEAD)
                .execute(Tuple.of(userId, route, limit))
                .map(rows -> rows.iterator().next().getLong("ahead"));
    }
}
