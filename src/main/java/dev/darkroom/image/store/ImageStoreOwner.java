package dev.darkroom.image.store;

import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The database that an image store belongs to.
 *
 * @param databaseId stored in the marker of the store, so that the store of another database is detected
 * @param sampleKeys reads a few storage keys of the database; empty when it has no images. Distinguishes a store without its marker from a
 *     wrong store
 */
public record ImageStoreOwner(UUID databaseId, Supplier<Future<List<String>>> sampleKeys) {

    /** For a database without images. */
    public static ImageStoreOwner withoutImages(UUID databaseId) {
        return new ImageStoreOwner(databaseId, () -> Future.succeededFuture(List.of()));
    }
}
