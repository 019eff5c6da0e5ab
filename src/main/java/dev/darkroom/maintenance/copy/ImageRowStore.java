package dev.darkroom.maintenance.copy;

import dev.darkroom.database.Database;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** Reads the rows of images. Futures fail with the driver's errors. */
record ImageRowStore(Database database) {
    /** Less than every id of an image. */
    static final UUID FIRST = new UUID(0, 0);

    /** Processes whose clocks differ create ids that are not in the order of time. */
    private static final Duration CLOCK_TOLERANCE = Duration.ofHours(1);

    private static final int TIME_SHIFT = 16;

    /** Read-only. Misses images whose rows are inserted meanwhile; {@link #FIND_PENDING} says which these can be. */
    private static final String FIND_PAGE = """
            SELECT id, storage_key, media_type, width, height, bytes, sha256
            FROM (SELECT id, storage_key, content_type AS media_type, width, height, bytes, sha256 FROM images
                  UNION ALL SELECT id, storage_key, media_type, width, height, bytes, sha256 FROM uploads) files
            WHERE files.id > $1 ORDER BY files.id LIMIT $2""";

    /**
     * Returns the clock and the oldest generation that has no images yet. Read-only. The statement that inserts images also deletes the row
     * of the queue, so an image is seen by one of the two reads.
     */
    private static final String FIND_PENDING = """
            SELECT (extract(epoch FROM now()) * 1000)::bigint AS now,
              (SELECT generation_id FROM generation_queue ORDER BY generation_id LIMIT 1) AS oldest""";

    /** Read-only. A row that is deleted later is not the concern of the copy. */
    private static final String FIND_EXISTING = """
            SELECT id FROM images WHERE id = ANY ($1::uuid[])
            UNION ALL SELECT id FROM uploads WHERE id = ANY ($1::uuid[])""";

    /** Returns the next rows in the order of their ids; empty at the end. */
    Future<List<ImageRow>> findPage(UUID after, int limit) {
        return database.pool()
                .preparedQuery(FIND_PAGE)
                .execute(Tuple.of(after, limit))
                .map(rows -> rows.stream().map(ImageRowStore::toImageRow).toList());
    }

    private static ImageRow toImageRow(Row row) {
        return new ImageRow(
                row.getUUID("id"),
                row.getString("storage_key"),
                row.getString("media_type"),
                row.getInteger("width"),
                row.getInteger("height"),
                Math.toIntExact(row.getLong("bytes")),
                row.getString("sha256"));
    }

    /**
     * Returns an id that is less than the ids of all rows that are inserted from now on. The id of an image has the time of its generation,
     * which is either in the queue or not submitted yet.
     */
    Future<UUID> findLowestNewId() {
        return database.pool().query(FIND_PENDING).execute().map(rows -> {
            Row row = rows.iterator().next();
            long time = row.getLong("now") - CLOCK_TOLERANCE.toMillis();
            UUID oldest = row.getUUID("oldest");
            long pending = oldest == null ? time : oldest.getMostSignificantBits() >>> TIME_SHIFT;
            return new UUID(Math.min(time, pending) << TIME_SHIFT, 0);
        });
    }

    /** Returns those ids that still have a row. */
    Future<Set<UUID>> findExisting(Collection<UUID> ids) {
        return database.pool()
                .preparedQuery(FIND_EXISTING)
                .execute(Tuple.of(ids.toArray(UUID[]::new)))
                .map(rows -> {
                    Set<UUID> existing = new HashSet<>();
                    rows.forEach(row -> existing.add(row.getUUID("id")));
                    return existing;
                });
    }
}
