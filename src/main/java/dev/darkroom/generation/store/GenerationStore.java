package dev.darkroom.generation.store;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The generations that are in PostgreSQL, for those who ask for them. Where a user may be null it stands for anybody. Futures fail with
 * the driver's errors. Usable from any event loop.
 */
public final class GenerationStore {
    private final Database database;

    public GenerationStore(Database database) {
        this.database = database;
    }

    /** A user's generation, or anybody's; empty when there is none with this id or it is another's. */
    public Future<Optional<JsonObject>> find(UUID id, String userId) {
        return find(database.client(), id, userId);
    }

    static Future<Optional<JsonObject>> find(SqlClient connections, UUID id, String userId) {
        return connections
                .preparedQuery(GenerationSql.FIND)
                .execute(Tuple.of(id, userId))
                .map(rows -> firstRow(rows).map(GenerationRowMapper::toJson));
    }

    /** Where a picture is kept, a user's or anybody's; empty when there is none or it is another's. */
    public Future<Optional<JsonObject>> findImage(UUID id, String userId) {
        return database.client()
                .preparedQuery(GenerationSql.FIND_IMAGE)
                .execute(Tuple.of(id, userId))
                .map(rows -> firstRow(rows)
                        .map(row -> GenerationRowMapper.toImage(row.toJson())
                                .put("user", row.getString("user_id"))
                                .put("generation", row.getUUID("generation_id").toString())
                                .put("storageKey", row.getString("storage_key"))));
    }

    /** Rows of a list, and from where on there are more. */
    public record Page(List<JsonObject> items, Optional<GenerationListCursor> nextCursor) {}

    /** A page of a user's generations. */
    public Future<Page> list(String userId, GenerationListFilter filter) {
        GenerationListCursor from = filter.cursor();
        return database.pool()
                .preparedQuery(GenerationSql.LIST)
                .execute(Tuple.of(
                        userId,
                        filter.status(),
                        filter.createdFrom(),
                        filter.createdBefore(),
                        from == null ? null : from.createdAt(),
                        from == null ? null : from.id(),
                        filter.limit() + 1))
                .map(rows -> toPage(rows, filter.limit()));
    }

    private static Page toPage(RowSet<Row> rows, int limit) {
        List<JsonObject> items = new ArrayList<>();
        GenerationListCursor last = null;
        for (Row row : rows) {
            if (items.size() == limit) {
                return new Page(items, Optional.of(last));
            }
            items.add(GenerationRowMapper.toJson(row));
            last = new GenerationListCursor(row.getOffsetDateTime("created_at"), row.getUUID("id"));
        }
        return new Page(items, Optional.empty());
    }

    /** Those of these generations that are not PENDING any more, or not there. */
    public Future<List<UUID>> findFinished(List<UUID> ids) {
        return database.pool()
                .preparedQuery(GenerationSql.FIND_FINISHED)
                .execute(Tuple.of(ids.toArray(UUID[]::new)))
                .map(rows -> {
                    List<UUID> ended = new ArrayList<>(rows.size());
                    rows.forEach(row -> ended.add(row.getUUID("id")));
                    return ended;
                });
    }

    /** Those of these generations that are further than the version beside them, as they stand; empty what is not there. */
    public Future<Map<UUID, Optional<JsonObject>>> findNewerThan(Map<UUID, Long> known) {
        return database.pool()
                .preparedQuery(GenerationSql.FIND_NEWER_THAN)
                .execute(Tuple.tuple()
                        .addArrayOfUUID(known.keySet().toArray(UUID[]::new))
                        .addArrayOfLong(known.values().toArray(Long[]::new)))
                .map(rows -> {
                    Map<UUID, Optional<JsonObject>> further = new HashMap<>();
                    for (Row row : rows) {
                        further.put(
                                row.getUUID("watched"),
                                row.getUUID("id") == null
                                        ? Optional.empty()
                                        : Optional.of(GenerationRowMapper.toJson(row)));
                    }
                    return further;
                });
    }

    /** What was deleted, and the files that have to follow. */
    public record DeletedGeneration(String userId, List<String> storageKeys) {}

    /** Deletes a generation that has ended; empty when there is none that has. */
    public Future<Optional<DeletedGeneration>> delete(UUID id, String userId) {
        return database.pool()
                .preparedQuery(GenerationSql.DELETE)
                .execute(Tuple.of(id, userId))
                .map(rows -> firstRow(rows)
                        .map(row -> new DeletedGeneration(
                                row.getString("user_id"), List.of(row.getArrayOfStrings("storage_keys")))));
    }

    /** The files of these pictures are gone. */
    public Future<Void> deleteDiscardedImages(List<String> storageKeys) {
        return database.pool()
                .preparedQuery(GenerationSql.DELETE_DISCARDED_IMAGES)
                .execute(Tuple.of(storageKeys.toArray(String[]::new)))
                .mapEmpty();
    }

    private static Optional<Row> firstRow(RowSet<Row> rows) {
        return rows.size() == 0 ? Optional.empty() : Optional.of(rows.iterator().next());
    }
}
