package dev.darkroom.housekeeping;

import dev.darkroom.database.Database;
import dev.darkroom.image.ImageStoreIdentity;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.List;

/** Reads which image directory belongs to a database. Futures fail with the driver's errors. */
public final class ImageDirectoryStore {
    private static final String ID = "SELECT id FROM installation";

    /** The newest: the oldest may be the ones that somebody deleted by hand. */
    private static final String SOME_KEYS = "SELECT storage_key FROM images ORDER BY id DESC LIMIT 20";

    private ImageDirectoryStore() {}

    /** Reads the id of the database; the keys are read each time that they are asked for. */
    public static Future<ImageStoreIdentity> identity(Database database) {
        return database.pool()
                .query(ID)
                .execute()
                .map(rows -> new ImageStoreIdentity(rows.iterator().next().getUUID("id"), () -> someKeys(database)));
    }

    private static Future<List<String>> someKeys(Database database) {
        return database.pool().query(SOME_KEYS).execute().map(rows -> {
            List<String> keys = new ArrayList<>(rows.size());
            rows.forEach(row -> keys.add(row.getString("storage_key")));
            return keys;
        });
    }
}
