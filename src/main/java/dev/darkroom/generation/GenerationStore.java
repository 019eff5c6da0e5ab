package dev.darkroom.generation;

import dev.darkroom.database.Batch;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseErrors;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What callers' commands do with generations in PostgreSQL. Futures fail with the driver's errors. Usable from any event
 * loop.
 */
final class GenerationStore {
    /**
     * So many that a statement does not take long on a connection that others share. One at a time, so that each sees the turns
     * that the one before gave. A caller who has waited for longer is told so, and the generation not stored behind his back.
     */
    private static final Batch.Limits BATCHES = new Batch.Limits(50, 1, Duration.ofSeconds(3));

    private final Database database;
    private final SqlClient client;
    private final String route;
    private final Duration life;
    private final Batch<Submission, JsonObject> submissions;

    /**
     * @param route which backends may do the work that is submitted
     * @param life from the submission of a generation to its deadline
     */
    GenerationStore(Database database, String route, Duration life) {
        this.database = database;
        this.client = database.client();
        this.route = route;
        this.life = life;
        // One that the tables refuse must not take its neighbours with it. After any other failure nobody knows what is
        // stored, and sending it again could store it twice.
        this.submissions = new Batch<>(
                BATCHES,
                this::submitAll,
                error -> DatabaseErrors.sqlState(error) != null && !DatabaseErrors.unavailable(error),
                System::nanoTime);
    }

    private record Submission(UUID id, String userId, GenerationRequest request) {

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
                    .put("priority", request.priority());
        }
    }

    /**
     * Stores and queues a generation; completes with it once it is durable. Fails when it is not, or when nobody can be asked
     * whether it is: a connection may break after the commit, and then the database has to answer once more.
     */
    Future<JsonObject> submit(UUID id, String userId, GenerationRequest request) {
        return submissions
                .add(new Submission(id, userId, request))
                .recover(error ->
                        DatabaseErrors.outcomeUnknown(error) ? stored(id, userId, error) : Future.failedFuture(error));
    }

    private Future<List<JsonObject>> submitAll(List<Submission> given) {
        JsonArray rows = new JsonArray();
        given.forEach(one -> rows.add(one.toJson(rows.size())));
        return client.preparedQuery(GenerationSql.SUBMIT)
                .execute(Tuple.of(rows, route, life.toMillis()))
                .map(stored -> {
                    Map<UUID, JsonObject> byId = new HashMap<>();
                    stored.forEach(row -> byId.put(row.getUUID("id"), GenerationJson.of(row)));
                    return given.stream().map(one -> byId.get(one.id())).toList();
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

    /** The generation if it was stored after all. Looked up and not sent again: the caller may be long gone. */
    private Future<JsonObject> stored(UUID id, String userId, Throwable error) {
        // Not by the client, which may not have noticed yet that this connection is gone.
        return find(database.pool(), id, userId)
                .otherwise(Optional.empty())
                .compose(found -> found.map(Future::succeededFuture).orElseGet(() -> Future.failedFuture(error)));
    }

    /** A user's generation, or anybody's when that is null; empty when there is none with this id or it is another's. */
    Future<Optional<JsonObject>> find(UUID id, String userId) {
        return find(client, id, userId);
    }

    private static Future<Optional<JsonObject>> find(SqlClient connections, UUID id, String userId) {
        return connections
                .preparedQuery(GenerationSql.FIND)
                .execute(Tuple.of(id, userId))
                .map(rows -> first(rows).map(GenerationJson::of));
    }

    /** Where a picture is kept, a user's, or anybody's when that is null; empty when there is none or it is another's. */
    Future<Optional<JsonObject>> findImage(UUID id, String userId) {
        return client.preparedQuery(GenerationSql.FIND_IMAGE)
                .execute(Tuple.of(id, userId))
                .map(rows -> first(rows)
                        .map(row -> GenerationJson.image(row.toJson())
                                .put("user", row.getString("user_id"))
                                .put("storageKey", row.getString("storage_key"))));
    }

    private static Optional<Row> first(RowSet<Row> rows) {
        return rows.size() == 0 ? Optional.empty() : Optional.of(rows.iterator().next());
    }
}
