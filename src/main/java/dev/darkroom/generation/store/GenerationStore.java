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
 * Reads and deletes generations in PostgreSQL. A null {@code userId} means any user. Futures fail with the driver's errors. Usable from
 * any event loop.
 */
public final class GenerationStore {
    private final Database database;

    public GenerationStore(Database database) {
        this.database = database;
    }

    /** Returns a generation; empty when it does not exist or belongs to another user. */
    public Future<Optional<JsonObject>> find(UUID id, String userId) {
        return find(database.client(), id, userId);
    }

    static Future<Optional<JsonObject>> find(SqlClient client, UUID id, String userId) {
        return client.preparedQuery(GenerationSql.FIND)
                .execute(Tuple.of(id, userId))
                .map(rows -> firstRow(rows).map(GenerationRowMapper::toJson));
    }

    /** Returns the metadata and storage location of an image; empty when it does not exist or belongs to another user. */
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

    /** Page of a list; {@code nextCursor} is empty on the last page. */
    public record Page(List<JsonObject> items, Optional<GenerationListCursor> nextCursor) {}

    /** Returns a page of the generations of a user, newest first. */
    public Future<Page> list(String userId, GenerationListFilter filter) {
        GenerationListCursor cursor = filter.cursor();
        return database.pool()
                .preparedQuery(GenerationSql.LIST)
                .execute(Tuple.of(
                        userId,
                        filter.status(),
                        filter.createdFrom(),
                        filter.createdBefore(),
                        cursor == null ? null : cursor.createdAt(),
                        cursor == null ? null : cursor.id(),
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

    /** Returns those of the given generations that have ended or do not exist. */
    public Future<List<UUID>> findFinished(List<UUID> ids) {
        return database.pool()
                .preparedQuery(GenerationSql.FIND_FINISHED)
                .execute(Tuple.of(ids.toArray(UUID[]::new)))
                .map(rows -> {
                    List<UUID> finished = new ArrayList<>(rows.size());
                    rows.forEach(row -> finished.add(row.getUUID("id")));
                    return finished;
                });
    }

    /** Returns those of the given generations that are newer than their known version; an empty value for one that does not exist. */
    public Future<Map<UUID, Optional<JsonObject>>> findNewerThan(Map<UUID, Long> known) {
        return database.pool()
                .preparedQuery(GenerationSql.FIND_NEWER_THAN)
                .execute(Tuple.tuple()
                        .addArrayOfUUID(known.keySet().toArray(UUID[]::new))
                        .addArrayOfLong(known.values().toArray(Long[]::new)))
                .map(rows -> {
                    Map<UUID, Optional<JsonObject>> newer = new HashMap<>();
                    for (Row row : rows) {
                        newer.put(
                                row.getUUID("watched"),
                                row.getUUID("id") == null
                                        ? Optional.empty()
                                        : Optional.of(GenerationRowMapper.toJson(row)));
                    }
                    return newer;
                });
    }

    /** Deleted generation: its owner and the keys of the image files to delete. */
    public record DeletedGeneration(String userId, List<String> storageKeys) {}

    /** Deletes an ended generation; empty when it does not exist or has not ended. */
    public Future<Optional<DeletedGeneration>> delete(UUID id, String userId) {
        return database.pool()
                .preparedQuery(GenerationSql.DELETE)
                .execute(Tuple.of(id, userId))
                .map(rows -> firstRow(rows)
                        .map(row -> new DeletedGeneration(
                                row.getString("user_id"), List.of(row.getArrayOfStrings("storage_keys")))));
    }

    /** Deletes the stored keys of image files that were deleted. */
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
