package dev.darkroom.generation;

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
    private final SqlClient client;

    GenerationStore(SqlClient client) {
        this.client = client;
    }

    /** Stores and queues a generation; completes with it once it is durable. */
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
                .map(rows -> GenerationJson.of(rows.iterator().next()));
    }

    /** A user's generation, empty when there is none with this id or it is another's. */
    Future<Optional<JsonObject>> find(UUID id, String userId) {
        return client.preparedQuery(GenerationSql.FIND)
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
