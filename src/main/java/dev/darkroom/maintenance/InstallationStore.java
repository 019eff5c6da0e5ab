package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import dev.darkroom.image.store.ImageStoreOwner;
import io.vertx.core.Future;
import java.util.List;

/** Reads the identity of a database, which its image directory must match. Futures fail with the driver's errors. */
public final class InstallationStore {
    private static final String FIND_ID = "SELECT id FROM installation";

    /** Selects the newest keys, because the files of the oldest images may have been deleted manually. */
    private static final String FIND_RECENT_KEYS = "SELECT storage_key FROM images ORDER BY id DESC LIMIT 20";

    private InstallationStore() {}

    /** Reads the id of the database. The returned object queries the recent storage keys on each call. */
    public static Future<ImageStoreOwner> readIdentity(Database database) {
        return database.pool()
                .query(FIND_ID)
                .execute()
                .map(rows -> new ImageStoreOwner(rows.iterator().next().getUUID("id"), () -> findRecentKeys(database)));
    }

    private static Future<List<String>> findRecentKeys(Database database) {
        return database.pool()
                .query(FIND_RECENT_KEYS)
                .execute()
                .map(rows ->
                        rows.stream().map(row -> row.getString("storage_key")).toList());
    }
}
