package dev.darkroom.image.local;

import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The database that an image directory belongs to.
 *
 * @param databaseId written into the directory, so that the directory of another database is recognized
 * @param sampleKeys a few storage keys that the database names, none when it names none; tells a directory that lacks its
 *     marker from one that is the wrong one
 */
public record ImageDirectoryOwner(UUID databaseId, Supplier<Future<List<String>>> sampleKeys) {

    /** Of a database that names no images. */
    public static ImageDirectoryOwner withoutImages(UUID databaseId) {
        return new ImageDirectoryOwner(databaseId, () -> Future.succeededFuture(List.of()));
    }
}
