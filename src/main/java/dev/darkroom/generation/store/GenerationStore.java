package dev.darkroom.generation.store;

import dev.darkroom.database.Database;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationListCursor;
import dev.darkroom.generation.GenerationListFilter;
import dev.darkroom.generation.GenerationResult.GenerationPage;
import dev.darkroom.generation.GenerationResult.ImageLocation;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.SqlClient;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
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
    /** Bytes of the prompts on a page after which the page ends. */
    private static final int MAX_PAGE_PROMPT_BYTES = 1 << 20;

    private final Database database;

    public GenerationStore(Database database) {
        this.database = database;
    }

    /** Returns a generation without a queue position; empty when it does not exist or belongs to another user. */
    public Future<Optional<Generation>> find(UUID id, String userId) {
        return find(database.client(), id, userId);
    }

    static Future<Optional<Generation>> find(SqlClient client, UUID id, String userId) {
        return find(client, List.of(id))
                .map(found -> found.get(0)
                        .map(StoredGeneration::generation)
                        .filter(generation ->
                                userId == null || generation.userId().equals(userId)));
    }

    /** Returns the generations with these ids, of any user, in the same order; empty values for those that do not exist. */
    public Future<List<Optional<StoredGeneration>>> find(List<UUID> ids) {
        return find(database.client(), ids);
    }

    private static Future<List<Optional<StoredGeneration>>> find(SqlClient client, List<UUID> ids) {
        return client.preparedQuery(GenerationSql.FIND)
                .execute(Tuple.tuple().addArrayOfUUID(ids.toArray(UUID[]::new)))
                .map(rows -> {
                    GenerationRowMapper mapper = new GenerationRowMapper(rows);
                    Map<UUID, StoredGeneration> byId = new HashMap<>();
                    rows.forEach(row -> {
                        StoredGeneration stored = mapper.toStoredGeneration(row);
                        byId.put(stored.generation().id(), stored);
                    });
                    return ids.stream()
                            .map(id -> Optional.ofNullable(byId.get(id)))
                            .toList();
                });
    }

    /** Returns the first waiting generations of a route. */
    public Future<QueueSnapshot> readQueue(String route) {
        return database.pool()
                .preparedQuery(GenerationSql.READ_QUEUE)
                .execute(Tuple.of(route, QueueSnapshot.MAX_AHEAD))
                .map(rows -> GenerationRowMapper.toQueueSnapshot(rows.iterator().next()));
    }

    /** Returns an image and its storage location; empty when it does not exist or belongs to another user. */
    public Future<Optional<ImageLocation>> findImage(UUID id, String userId) {
        return database.client()
                .preparedQuery(GenerationSql.FIND_IMAGE)
                .execute(Tuple.of(id, userId))
                .map(rows -> rows.stream().findFirst().map(GenerationRowMapper::toImageLocation));
    }

    /** Returns a page of the generations of a user, newest first. */
    public Future<GenerationPage> list(String userId, GenerationListFilter filter) {
        GenerationListCursor cursor = filter.cursor();
        return database.pool()
                .preparedQuery(GenerationSql.LIST)
                .execute(Tuple.of(
                        userId,
                        filter.status() == null ? null : filter.status().name(),
                        toParameter(filter.createdFrom()),
                        toParameter(filter.createdBefore()),
                        cursor == null ? null : toParameter(cursor.createdAt()),
                        cursor == null ? null : cursor.id(),
                        filter.limit(),
                        MAX_PAGE_PROMPT_BYTES))
                .map(rows -> toPage(userId, rows));
    }

    private static OffsetDateTime toParameter(Instant time) {
        return time == null ? null : time.atOffset(ZoneOffset.UTC);
    }

    private static GenerationPage toPage(String userId, RowSet<Row> rows) {
        GenerationRowMapper mapper = new GenerationRowMapper(rows);
        List<Generation> items = new ArrayList<>(rows.size());
        for (Row row : rows) {
            if (!row.getBoolean("on_page")) {
                Generation last = items.get(items.size() - 1);
                return new GenerationPage(userId, items, new GenerationListCursor(last.createdAt(), last.id()));
            }
            items.add(mapper.toGeneration(row));
        }
        return new GenerationPage(userId, items, null);
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

    /**
     * Returns those of the given generations that are newer than their known version, with empty prompts; an empty value for one that does
     * not exist.
     */
    public Future<Map<UUID, Optional<Generation>>> findNewerThan(Map<UUID, Long> known) {
        return database.pool()
                .preparedQuery(GenerationSql.FIND_NEWER_THAN)
                .execute(Tuple.tuple()
                        .addArrayOfUUID(known.keySet().toArray(UUID[]::new))
                        .addArrayOfLong(known.values().toArray(Long[]::new)))
                .map(rows -> {
                    GenerationRowMapper mapper = new GenerationRowMapper(rows);
                    Map<UUID, Optional<Generation>> newer = new HashMap<>();
                    for (Row row : rows) {
                        newer.put(
                                row.getUUID("watched"),
                                row.getUUID("id") == null ? Optional.empty() : Optional.of(mapper.toGeneration(row)));
                    }
                    return newer;
                });
    }

    /** Deleted row of a generation: its owner and the keys of the image files to delete. */
    public record DeletedRow(String userId, List<String> storageKeys) {}

    /** Deletes an ended generation; empty when it does not exist or has not ended. */
    public Future<Optional<DeletedRow>> delete(UUID id, String userId) {
        return database.pool()
                .preparedQuery(GenerationSql.DELETE)
                .execute(Tuple.of(id, userId))
                .map(rows -> rows.stream()
                        .findFirst()
                        .map(row -> new DeletedRow(
                                row.getString("user_id"), List.of(row.getArrayOfStrings("storage_keys")))));
    }

    /** Deletes the stored keys of image files that were deleted. */
    public Future<Void> deleteDiscardedImages(List<String> storageKeys) {
        return database.pool()
                .preparedQuery(GenerationSql.DELETE_DISCARDED_IMAGES)
                .execute(Tuple.of(storageKeys.toArray(String[]::new)))
                .mapEmpty();
    }
}
