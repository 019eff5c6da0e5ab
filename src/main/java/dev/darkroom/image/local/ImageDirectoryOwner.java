package dev.darkroom.image.local;

import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The database that an image directory belongs to.
 *
 * @param databaseId stored in the marker file of the directory, so that the directory of another database is detected
 * @param sampleKeys reads a few storage keys of the database; empty when it has no images. Distinguishes a directory without its marker
 *     from a wrong directory
 */
public record ImageDirectoryOwner(UUID databaseId, Supplier<Future<List<String>>> sampleKeys) {

    /** For a database without images. */
    public static ImageDirectoryOwner withoutImages(UUID databaseId) {
        return new ImageDirectoryOwner(databaseId, () -> Future.succeededFuture(List.of()));
    }
}
