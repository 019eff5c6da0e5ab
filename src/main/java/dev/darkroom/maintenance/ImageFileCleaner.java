package dev.darkroom.maintenance;

import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStore.StoredFile;
import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes image files that have no row. Usable from any event loop. */
record ImageFileCleaner(ImageStore imageStore, RetentionStore store) {
    private static final Logger LOG = LoggerFactory.getLogger(ImageFileCleaner.class);

    /** Deletes the files of images whose rows were deleted. A later run repeats failed deletions. */
    Future<Void> deleteDiscarded(List<String> keys) {
        return deleteFiles(keys).compose(store::deleteDiscardedImages);
    }

    /**
     * Deletes the files of a page that have the key of an image and no row.
     *
     * @return number of orphaned files, including those that could not be deleted
     */
    Future<Integer> deleteOrphans(List<StoredFile> files) {
        Map<String, UUID> ids = new LinkedHashMap<>();
        for (StoredFile file : files) {
            ImageKeyFactory.idOf(file.key()).ifPresent(id -> ids.put(file.key(), id));
        }
        return store.findKnownImages(List.copyOf(ids.values())).compose(known -> {
            List<String> orphans =
                    ids.keySet().stream().filter(key -> !known.contains(key)).toList();
            return deleteFiles(orphans).map(orphans.size());
        });
    }

    /** Completes with the keys of the deleted files, never fails. */
    private Future<List<String>> deleteFiles(List<String> keys) {
        List<String> deletedKeys = new ArrayList<>();
        return Future.join(keys.stream()
                        .map(key -> imageStore
                                .delete(key)
                                .onSuccess(deleted -> deletedKeys.add(key))
                                .onFailure(error -> LOG.atWarn()
                                        .addKeyValue("key", key)
                                        .addKeyValue("reason", error.toString())
                                        .log("image file not deleted")))
                        .toList())
                .transform(done -> Future.succeededFuture(deletedKeys));
    }
}
