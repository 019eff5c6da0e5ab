package dev.darkroom.image;

import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The database that an image directory belongs to.
 *
 * @param databaseId written into the directory, so that the directory of another database is recognized
 * @param someKeys a few storage keys that the database names, none when it names none; tells a directory that lacks its
 *     marker from one that is the wrong one
 */
public record ImageStoreIdentity(UUID databaseId, Supplier<Future<List<String>>> someKeys) {

    /** Of a database that names no images. */
    public static ImageStoreIdentity withoutImages(UUID databaseId) {
        return new ImageStoreIdentity(databaseId, () -> Future.succeededFuture(List.of()));
    }
}
