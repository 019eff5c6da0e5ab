package dev.darkroom.maintenance;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.image.ImageStore;
import dev.darkroom.node.PeriodicTask;
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
 * Deletes what the settings say has been kept for long enough: in small batches with pauses, so that callers do not notice.
 * Every process may; they take turns. Rows go first and files after the commit: their
 * names are kept until they are gone, so that a crash in between leaves none behind. One instance per process.
 */
public final class RetentionVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(RetentionVerticle.class);
    private static final int BATCH_SIZE = 500;
    private static final Duration BATCH_DELAY = Duration.ofMillis(100);

    /** So long a request may be sent again, as the contract says, and a little longer. */
    private static final Duration IDEMPOTENCY_KEY_TTL = Duration.ofHours(25);

    /** Whoever deletes rows deletes the files at once. After so long they will not any more. */
    private static final Duration DISCARDED_FILE_AGE = Duration.ofMinutes(1);

    /** A picture's file is named by its id. Other files are not ours. */
    private static final Pattern IMAGE_FILE_NAME =
            Pattern.compile("(?:.*/)?(\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12})\\.[0-9a-z]+");

    private final RetentionStore store;
    private final ImageStore imageStore;
    private final Settings.Retention settings;
    private PeriodicTask cleanupTask;

    public RetentionVerticle(Database database, ImageStore images, Settings.Retention settings) {
        this.store = new RetentionStore(database);
        this.imageStore = images;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        cleanupTask = new PeriodicTask(vertx, settings.interval(), this::runCleanup);
        cleanupTask.start();
        return Future.succeededFuture();
    }

    /** Completes once the batch under way, if there is one, is done. There is no further one. */
    @Override
    public Future<?> stop() {
        return cleanupTask.stop();
    }

    /** What one turn deleted. */
    private static final class DeletionCounts {
        private int generations;
        private int withoutAttempts;
        private int images;
        private int orphans;
    }

    private Future<?> runCleanup() {
        DeletionCounts deletionCounts = new DeletionCounts();
        return Future.succeededFuture()
                .compose(begin -> repeatBatches(
                        () -> store.deleteIdempotencyKeys(IDEMPOTENCY_KEY_TTL, BATCH_SIZE),
                        deletedBatch -> completed()))
                .compose(done -> repeatBatches(() -> store.deleteTickets(BATCH_SIZE), deletedBatch -> completed()))
                .compose(done -> store.findDiscardedImages(DISCARDED_FILE_AGE, BATCH_SIZE))
                .compose(this::deleteImages)
                .compose(done -> settings.generations() == null ? completed() : deleteFinished(deletionCounts))
                .compose(done -> settings.attempts() == null ? completed() : deleteAttempts(deletionCounts))
                .compose(done -> settings.orphanedFiles() == null ? completed() : deleteOrphans(deletionCounts))
                .onFailure(error ->
                        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("housekeeping failed"))
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
            deletionCounts.withoutAttempts += deletedBatch.count();
            return completed();
        });
    }

    private Future<Void> repeatBatches(
            Supplier<Future<Optional<RetentionStore.DeletedBatch>>> batch,
            Function<RetentionStore.DeletedBatch, Future<Void>> then) {
        if (cleanupTask.stopped()) {
            return completed();
        }
        return batch.get().compose(found -> {
            if (found.isEmpty()) {
                return completed();
            }
            RetentionStore.DeletedBatch deletedBatch = found.get();
            return then.apply(deletedBatch)
                    .compose(done -> deletedBatch.count() < BATCH_SIZE ? completed() : waitBetweenBatches())
                    .compose(done -> deletedBatch.count() < BATCH_SIZE ? completed() : repeatBatches(batch, then));
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
            deletionCounts.orphans += orphans.size();
            return deleteFiles(orphans).compose(done -> orphans.isEmpty() ? completed() : waitBetweenBatches());
        });
    }

    /** Of pictures whose rows are deleted. What cannot be deleted now is tried again. */
    private Future<Void> deleteImages(List<String> keys) {
        return deleteFiles(keys).compose(store::deleteDiscardedImages);
    }

    /** Completes, never fails, with those that are gone. */
    private Future<List<String>> deleteFiles(List<String> keys) {
        List<String> gone = new ArrayList<>();
        return Future.join(keys.stream()
                        .map(key -> imageStore
                                .delete(key)
                                .onSuccess(deleted -> gone.add(key))
                                .onFailure(error -> LOG.atWarn()
                                        .addKeyValue("key", key)
                                        .addKeyValue("reason", error.toString())
                                        .log("picture file not deleted")))
                        .toList())
                .transform(done -> Future.succeededFuture(gone));
    }

    private Future<Void> waitBetweenBatches() {
        Promise<Void> promise = Promise.promise();
        vertx.setTimer(BATCH_DELAY.toMillis(), timer -> promise.complete());
        return promise.future();
    }

    private static void logSummary(DeletionCounts deletionCounts) {
        if (deletionCounts.generations + deletionCounts.withoutAttempts + deletionCounts.orphans > 0) {
            LOG.atInfo()
                    .addKeyValue("generations", deletionCounts.generations)
                    .addKeyValue("pictures", deletionCounts.images)
                    .addKeyValue("withoutAttempts", deletionCounts.withoutAttempts)
                    .addKeyValue("orphans", deletionCounts.orphans)
                    .log("housekeeping deleted");
        }
    }
}
