package dev.darkroom.generation;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Batch;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseErrors;
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
    private static final Batch.Limits BATCHES = new Batch.Limits(50, 1, Duration.ofSeconds(3));

    private final Database database;
    private final String route;
    private final Settings.Generation settings;
    private final Batch<Submission, Optional<JsonObject>> batch;

    /** @param route which backends may do the work that is submitted */
    public SubmissionStore(Database database, String route, Settings.Generation settings) {
        this.database = database;
        this.route = route;
        this.settings = settings;
        // One that the tables refuse must not take its neighbours with it. After any other failure nobody knows what is
        // stored, and sending it again could store it twice.
        this.batch = new Batch<>(
                BATCHES,
                this::submitAll,
                error -> DatabaseErrors.sqlState(error) != null && !DatabaseErrors.unavailable(error),
                System::nanoTime);
    }

    /**
     * A generation that is to be stored.
     *
     * @param retryOf the one that it tries again, null when it is none
     * @param key null when its caller named none
     * @param webhookUrl where its end is to be told, judged already; null when nowhere but where its user always is
     */
    record Submission(
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
    record Used(UUID generationId, String fingerprint) {}

    /**
     * Stores and queues a generation; completes with it once it is durable, or empty, with nothing stored, when its key has been used
     * before or it is one too many for its user. Fails when it is not stored, or when nobody can be asked whether it is: a
     * connection may break after the commit, and then the database has to answer once more.
     */
    Future<Optional<JsonObject>> submit(Submission submission) {
        return here(batch.add(submission))
                .recover(error ->
                        DatabaseErrors.outcomeUnknown(error) ? stored(submission, error) : Future.failedFuture(error));
    }

    /** Back from the event loop of whoever made the statement go, which is another's as often as not. */
    private static <T> Future<T> here(Future<T> future) {
        Context caller = Vertx.currentContext();
        return caller == null ? future : Future.fromCompletionStage(future.toCompletionStage(), caller);
    }

    private Future<List<Optional<JsonObject>>> submitAll(List<Submission> given) {
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
                    stored.forEach(row -> byId.put(row.getUUID("id"), GenerationJson.of(row)));
                    return given.stream()
                            .map(one -> Optional.ofNullable(byId.get(one.id())))
                            .toList();
                });
    }

    /** The generation if it was stored after all. Looked up and not sent again: the caller may be long gone. */
    private Future<Optional<JsonObject>> stored(Submission submission, Throwable error) {
        // Not by the client, which may not have noticed yet that this connection is gone.
        return GenerationStore.find(database.pool(), submission.id(), submission.userId())
                .otherwise(Optional.empty())
                .compose(found -> found.isPresent() ? Future.succeededFuture(found) : Future.failedFuture(error));
    }

    /** What a user's key was used for; empty when it was not. */
    Future<Optional<Used>> used(String userId, String key) {
        return database.client()
                .preparedQuery(GenerationSql.USED_KEY)
                .execute(Tuple.of(userId, key))
                .map(rows -> {
                    for (Row row : rows) {
                        return Optional.of(new Used(row.getUUID("generation_id"), row.getString("fingerprint")));
                    }
                    return Optional.empty();
                });
    }

    /** Limits that a user has reached. */
    record Reached(boolean pending, boolean today) {}

    /** Which limits a user has reached now. */
    Future<Reached> reached(String userId) {
        return database.pool()
                .preparedQuery(GenerationSql.LIMITS)
                .execute(Tuple.of(userId, route, settings.maxPendingPerUser(), settings.maxPerDayPerUser()))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    return new Reached(row.getBoolean("pending"), row.getBoolean("today"));
                });
    }

    /** Brings a backlog up to date. */
    Future<Void> measure(Backlog backlog) {
        // With the signs of life, since it is wanted most when there is most to do.
        return database.heartbeats()
                .preparedQuery(GenerationSql.BACKLOG)
                .execute(Tuple.of(route, Backlog.MOST))
                .map(rows -> {
                    Row row = rows.iterator().next();
                    Double perSecond = row.getDouble("per_second");
                    backlog.measured(row.getLong("waiting"), perSecond == null ? 0 : perSecond);
                    return null;
                });
    }

    /** How many would go before one more generation of a user, counted up to {@code limit}. */
    Future<Long> ahead(String userId, long limit) {
        return database.pool()
                .preparedQuery(GenerationSql.AHEAD)
                .execute(Tuple.of(userId, route, limit))
                .map(rows -> rows.iterator().next().getLong("ahead"));
    }
}
