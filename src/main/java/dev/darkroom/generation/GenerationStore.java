package dev.darkroom.generation;

import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseErrors;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;

/**
 * What callers' commands do with generations in PostgreSQL. Futures fail with the driver's errors. Usable from any event
 * loop.
 */
final class GenerationStore {
    private final Database database;
    private final SqlClient client;

    GenerationStore(Database database) {
        this.database = database;
        this.client = database.client();
    }

    /**
     * Stores and queues a generation; completes with it once it is durable. Fails when it is not, or when nobody can be asked
     * whether it is: a connection may break after the commit, and then the database has to answer once more.
     */
    Future<JsonObject> submit(UUID id, String userId, GenerationRequest request, String route, Duration life) {
        Tuple values = Tuple.of(id, userId, request.prompt(), request.negativePrompt())
                .addInteger(request.width())
                .addInteger(request.height())
                .addInteger(request.count())
                .addLong(request.seed())
                .addString(request.model())
                .addValue(request.metadata())
                .addString(route)
                .addLong(life.toMillis());
        return client.preparedQuery(GenerationSql.SUBMIT)
                .execute(values)
                .map(rows -> GenerationJson.of(rows.iterator().next()))
                .recover(error ->
                        DatabaseErrors.outcomeUnknown(error) ? stored(id, userId, error) : Future.failedFuture(error));
    }

    /** The generation if it was stored after all. Looked up and not sent again: the caller may be long gone. */
    private Future<JsonObject> stored(UUID id, String userId, Throwable error) {
        // Not by the client, which may not have noticed yet that this connection is gone.
        return find(database.pool(), id, userId)
                .otherwise(Optional.empty())
                .compose(found -> found.map(Future::succeededFuture).orElseGet(() -> Future.failedFuture(error)));
    }

    /** A user's generation, empty when there is none with this id or it is another's. */
    Future<Optional<JsonObject>> find(UUID id, String userId) {
        return find(client, id, userId);
    }

    private static Future<Optional<JsonObject>> find(SqlClient connections, UUID id, String userId) {
        return connections
                .preparedQuery(GenerationSql.FIND)
                .execute(Tuple.of(id, userId))
                .map(rows -> first(rows).map(GenerationJson::of));
    }

    /** Where a user's picture is kept, empty when there is none with this id or it is another's. */
    Future<Optional<JsonObject>> findImage(UUID id, String userId) {
        return client.preparedQuery(GenerationSql.FIND_IMAGE)
                .execute(Tuple.of(id, userId))
                .map(rows -> first(rows)
                        .map(row ->
                                GenerationJson.image(row.toJson()).put("storageKey", row.getString("storage_key"))));
    }

    private static Optional<Row> first(RowSet<Row> rows) {
        return rows.size() == 0 ? Optional.empty() : Optional.of(rows.iterator().next());
    }
}
