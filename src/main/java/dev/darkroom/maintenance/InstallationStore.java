package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import dev.darkroom.image.local.ImageDirectoryOwner;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** Reads which image directory belongs to a database. Futures fail with the driver's errors. */
public final class InstallationStore {
    private static final String FIND_ID = "SELECT id FROM installation";

    /** The newest: the oldest may be the ones that somebody deleted by hand. */
    private static final String FIND_RECENT_KEYS = "SELECT storage_key FROM images ORDER BY id DESC LIMIT 20";

    private InstallationStore() {}

    /** Reads the id of the database; the keys are read each time that they are asked for. */
    public static Future<ImageDirectoryOwner> readIdentity(Database database) {
        return database.pool()
                .query(FIND_ID)
                .execute()
                .map(rows ->
                        new ImageDirectoryOwner(rows.iterator().next().getUUID("id"), () -> findRecentKeys(database)));
    }

    private static Future<List<String>> findRecentKeys(Database database) {
        return database.pool().query(FIND_RECENT_KEYS).execute().map(rows -> {
            List<String> keys = new ArrayList<>(rows.size());
            rows.forEach(row -> keys.add(row.getString("storage_key")));
            return keys;
        });
    }
}
