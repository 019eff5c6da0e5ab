package dev.darkroom.maintenance;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.image.ImageStore;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes generations, attempts, files and other data past their retention. Works in small batches with pauses, to limit the load on the
 * database. Runs in every process; an advisory lock admits one at a time. Deletes rows first and files after the commit; the file keys
 * stay in a table until the files are deleted, so a crash in between leaves no file behind. One instance per process.
 */
public final class RetentionVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(RetentionVerticle.class);
    private static final int BATCH_SIZE = 500;
    private static final Duration BATCH_DELAY = Duration.ofMillis(100);

    /** Age of deleted idempotency keys; the contract promises 24 hours. */
    private static final Duration IDEMPOTENCY_KEY_TTL = Duration.ofHours(25);

    /** Age after which another run deletes files; normally the run that deleted the rows does so immediately. */
    private static final Duration DISCARDED_FILE_AGE = Duration.ofMinutes(1);

    /** Name of an image file; group 1 is the image id. Other files are ignored. */
    private static final Pattern IMAGE_FILE_NAME =
            Pattern.compile("(?:.*/)?(\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12})\\.[0-9a-z]+");

    private final RetentionStore store;
    private final ImageStore imageStore;
    private final Settings.Retention settings;
    private PeriodicTask cleanupTask;

    public RetentionVerticle(Database database, ImageStore imageStore, Settings.Retention settings) {
        this.store = new RetentionStore(database);
        this.imageStore = imageStore;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        cleanupTask = new PeriodicTask(vertx, settings.interval(), this::runCleanup);
        cleanupTask.start();
        return Future.succeededFuture();
    }

    /** Completes after the current batch, if there is one. Starts no further batch. */
    @Override
    public Future<?> stop() {
        return cleanupTask.stop();
    }

    /** Numbers of deleted objects in one run. */
    private static final class DeletionCounts {
        private int generations;
        private int generationsWithoutAttempts;
        private int images;
        private int orphanedFiles;
    }

    private Future<?> runCleanup() {
        DeletionCounts deletionCounts = new DeletionCounts();
        return Future.succeededFuture()
                .compose(started -> repeatBatches(
                        () -> store.deleteIdempotencyKeys(IDEMPOTENCY_KEY_TTL, BATCH_SIZE),
                        deletedBatch -> completed()))
                .compose(done -> repeatBatches(() -> store.deleteTickets(BATCH_SIZE), deletedBatch -> completed()))
                .compose(done -> store.findDiscardedImages(DISCARDED_FILE_AGE, BATCH_SIZE))
                .compose(this::deleteImages)
                .compose(done -> settings.generations() == null ? completed() : deleteFinished(deletionCounts))
                .compose(done -> settings.attempts() == null ? completed() : deleteAttempts(deletionCounts))
                .compose(done -> settings.orphanedFiles() == null ? completed() : deleteOrphans(deletionCounts))
                .onFailure(error ->
                        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("retention cleanup failed"))
                .otherwiseEmpty()
                .onComplete(done -> logSummary(deletionCounts));
    }

    private static Future<Void> completed() {
        return Future.succeededFuture();
    }

    private Future<Void> deleteFinished(DeletionCounts deletionCounts) {
        return repeatBatches(() -> store.deleteFinished(settings.generations(), BATCH_SIZE), deletedBatch -> {
            deletionCounts.generations += deletedBatch.count();
            deletionCounts.images += deletedBatch.storageKeys().size();
            return deleteImages(deletedBatch.storageKeys());
        });
    }

    private Future<Void> deleteAttempts(DeletionCounts deletionCounts) {
        return repeatBatches(() -> store.deleteAttempts(settings.attempts(), BATCH_SIZE), deletedBatch -> {
            deletionCounts.generationsWithoutAttempts += deletedBatch.count();
            return completed();
        });
    }

    /** Repeats {@code batch} until it is not full, another process holds the lock, or this verticle stops. */
    private Future<Void> repeatBatches(
            Supplier<Future<Optional<RetentionStore.DeletedBatch>>> batch,
            Function<RetentionStore.DeletedBatch, Future<Void>> afterBatch) {
        if (cleanupTask.stopped()) {
            return completed();
        }
        return batch.get().compose(found -> {
            if (found.isEmpty()) {
                return completed();
            }
            RetentionStore.DeletedBatch deletedBatch = found.get();
            Future<Void> done = afterBatch.apply(deletedBatch);
            return deletedBatch.count() < BATCH_SIZE
                    ? done
                    : done.compose(ignored -> waitBetweenBatches())
                            .compose(ignored -> repeatBatches(batch, afterBatch));
        });
    }

    private Future<Void> deleteOrphans(DeletionCounts deletionCounts) {
        return imageStore.scanStaleKeys(
                settings.orphanedFiles(),
                BATCH_SIZE,
                keys -> cleanupTask.stopped() ? completed() : deleteOrphans(keys, deletionCounts));
    }

    private Future<Void> deleteOrphans(List<String> keys, DeletionCounts deletionCounts) {
        Map<String, UUID> ids = new LinkedHashMap<>();
        for (String key : keys) {
            Matcher name = IMAGE_FILE_NAME.matcher(key);
            if (name.matches()) {
                ids.put(key, UUID.fromString(name.group(1)));
            }
        }
        return store.findKnownImages(List.copyOf(ids.values())).compose(known -> {
            List<String> orphans =
                    ids.keySet().stream().filter(key -> !known.contains(key)).toList();
            deletionCounts.orphanedFiles += orphans.size();
            return deleteFiles(orphans).compose(done -> orphans.isEmpty() ? completed() : waitBetweenBatches());
        });
    }

    /** Deletes the files of images whose rows were deleted. A later run repeats failed deletions. */
    private Future<Void> deleteImages(List<String> keys) {
        return deleteFiles(keys).compose(store::deleteDiscardedImages);
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

    private Future<Void> waitBetweenBatches() {
        Promise<Void> promise = Promise.promise();
        vertx.setTimer(BATCH_DELAY.toMillis(), timer -> promise.complete());
        return promise.future();
    }

    private static void logSummary(DeletionCounts deletionCounts) {
        if (deletionCounts.generations + deletionCounts.generationsWithoutAttempts + deletionCounts.orphanedFiles > 0) {
            LOG.atInfo()
                    .addKeyValue("generations", deletionCounts.generations)
                    .addKeyValue("images", deletionCounts.images)
                    .addKeyValue("generationsWithoutAttempts", deletionCounts.generationsWithoutAttempts)
                    .addKeyValue("orphanedFiles", deletionCounts.orphanedFiles)
                    .log("retention cleanup finished");
        }
    }
}
