package dev.darkroom.maintenance;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStore.FilePages;
import dev.darkroom.maintenance.RetentionStore.DeletedBatch;
import dev.darkroom.task.PeriodicTaskVerticle;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Deletes data past its retention, and creates partitions of {@code notifications} ahead of time. Works in small batches with pauses, to
 * limit the load on the database. Runs in every process; an advisory lock admits one at a time. Deletes rows first and files after the
 * commit; the file keys stay in a table until the files are deleted, so a crash in between leaves no file behind.
 */
public final class RetentionTask {
    private static final Logger LOG = LoggerFactory.getLogger(RetentionTask.class);
    private static final int BATCH_SIZE = 500;
    private static final Duration BATCH_DELAY = Duration.ofMillis(100);

    /** Age of deleted idempotency keys; the contract promises 24 hours. */
    private static final Duration IDEMPOTENCY_KEY_TTL = Duration.ofHours(25);

    /** Age of deleted waiting requests, from their disconnection; longer than retries attach to them. */
    private static final Duration WAITING_REQUEST_TTL = Duration.ofMinutes(5);

    /** Time after its deadline in which a repeated report of a callback job still gets the same response. */
    private static final Duration CALLBACK_JOB_TTL = Duration.ofHours(1);

    /** Time after the expiry of an upload in which a request that found it is stored. */
    private static final Duration UPLOAD_GRACE = Duration.ofMinutes(1);

    /** Age of deleted budgets, from the start of their period; longer than a month and the longest attempt. */
    private static final Duration BUDGET_TTL = Duration.ofDays(62);

    /** Age after which another run deletes files; normally the run that deleted the rows does so immediately. */
    private static final Duration DISCARDED_FILE_AGE = Duration.ofMinutes(1);

    /** Weeks for which partitions exist in advance. New rows find their partition after an outage of that length. */
    private static final int PARTITION_WEEKS_AHEAD = 3;

    private final Vertx vertx;
    private final RetentionStore store;
    private final NotificationPartitionStore partitions;
    private final ImageStore imageStore;
    private final ImageFileCleaner files;
    private final Settings.Retention settings;
    private final Duration notificationRetention;
    private final LongAdder deletedGenerations = new LongAdder();
    private final LongAdder deletedImages = new LongAdder();
    private final LongAdder deletedOrphans = new LongAdder();
    private final LongAdder failures = new LongAdder();

    /**
     * @param notificationRetention minimum age of deleted notifications and deliveries; a partition is dropped whole, up to a week later
     */
    public RetentionTask(
            Vertx vertx,
            Database database,
            ImageStore imageStore,
            Settings.Retention settings,
            Duration notificationRetention) {
        this.vertx = vertx;
        this.store = new RetentionStore(database);
        this.partitions = new NotificationPartitionStore(database);
        this.imageStore = imageStore;
        this.files = new ImageFileCleaner(imageStore, store);
        this.settings = settings;
        this.notificationRetention = notificationRetention;
    }

    public PeriodicTaskVerticle.Task task() {
        return new PeriodicTaskVerticle.Task(settings.interval(), this::run);
    }

    /**
     * Work since the start of the process.
     *
     * @param failures number of parts of runs that failed
     */
    record Statistics(long generations, long images, long orphanedFiles, long failures) {}

    /** Returns the work since the start of the process. Callable on any thread. */
    Statistics statistics() {
        return new Statistics(deletedGenerations.sum(), deletedImages.sum(), deletedOrphans.sum(), failures.sum());
    }

    /** Numbers of deleted objects in one run. */
    private static final class DeletionCounts {
        private int generations;
        private int generationsWithoutAttempts;
        private int images;
        private int orphanedFiles;
    }

    /** A failed part does not prevent the others. When stopped, completes after the current batch. */
    private Future<?> run(BooleanSupplier stopped) {
        return maintainNotifications()
                .transform(done -> deleteDeliveries(stopped))
                .transform(done -> deleteAbandonedEvents(stopped))
                .transform(done -> deleteGenerations(stopped));
    }

    private Future<?> maintainNotifications() {
        return partitions
                .create(PARTITION_WEEKS_AHEAD)
                .onSuccess(created -> logChanges("notification partitions created", created))
                .compose(created -> partitions.drop(notificationRetention))
                .onSuccess(dropped -> logChanges("notification partitions dropped", dropped))
                .compose(dropped -> store.deleteExpiredSubscribers(notificationRetention))
                .onFailure(error -> recordFailure("notification partition maintenance failed", error));
    }

    private Future<?> deleteDeliveries(BooleanSupplier stopped) {
        return repeatBatches(stopped, RetentionSql.DELETE_EXPIRED_DELIVERIES, notificationRetention)
                .compose(done ->
                        repeatBatches(stopped, RetentionSql.DELETE_DELIVERIES_OF_DELETED_WEBHOOKS, Duration.ZERO))
                .compose(done -> store.deleteEmptyWebhooks())
                .onFailure(error -> recordFailure("delivery retention failed", error));
    }

    private Future<?> deleteAbandonedEvents(BooleanSupplier stopped) {
        return repeatBatches(stopped, RetentionSql.DELETE_ABANDONED_EVENTS, notificationRetention, batch -> {
                    if (batch.count() > 0) {
                        LOG.atWarn().addKeyValue("events", batch.count()).log("unpublished events deleted");
                    }
                    return Future.succeededFuture();
                })
                .onFailure(error -> recordFailure("event retention failed", error));
    }

    private Future<?> deleteGenerations(BooleanSupplier stopped) {
        DeletionCounts counts = new DeletionCounts();
        return repeatBatches(stopped, RetentionSql.DELETE_IDEMPOTENCY_KEYS, IDEMPOTENCY_KEY_TTL)
                .compose(done -> repeatBatches(stopped, RetentionSql.DELETE_WAITING_REQUESTS, WAITING_REQUEST_TTL))
                .compose(done -> repeatBatches(stopped, RetentionSql.DELETE_EXPIRED_TICKETS, Duration.ZERO))
                .compose(done -> repeatBatches(stopped, RetentionSql.DELETE_EXPIRED_CALLBACK_JOBS, CALLBACK_JOB_TTL))
                .compose(done -> repeatBatches(
                        stopped,
                        RetentionSql.DELETE_EXPIRED_UPLOADS,
                        UPLOAD_GRACE,
                        batch -> files.deleteDiscarded(batch.storageKeys())))
                .compose(done -> store.deleteExpiredBudgets(BUDGET_TTL))
                .compose(done -> store.findDiscardedImages(DISCARDED_FILE_AGE, BATCH_SIZE))
                .compose(files::deleteDiscarded)
                .compose(done -> ifSet(settings.generations(), age -> deleteFinished(stopped, age, counts)))
                .compose(done -> ifSet(settings.attempts(), age -> deleteAttempts(stopped, age, counts)))
                .compose(done -> ifSet(settings.orphanedFiles(), age -> deleteOrphans(stopped, age, counts)))
                .onFailure(error -> recordFailure("retention cleanup failed", error))
                .otherwiseEmpty()
                .onComplete(done -> logSummary(counts));
    }

    private static Future<Void> ifSet(Duration age, Function<Duration, Future<Void>> deletion) {
        return age == null ? Future.succeededFuture() : deletion.apply(age);
    }

    private Future<Void> deleteFinished(BooleanSupplier stopped, Duration age, DeletionCounts counts) {
        return repeatBatches(stopped, RetentionSql.DELETE_FINISHED, age, batch -> {
            counts.generations += batch.count();
            counts.images += batch.storageKeys().size();
            deletedGenerations.add(batch.count());
            deletedImages.add(batch.storageKeys().size());
            return files.deleteDiscarded(batch.storageKeys());
        });
    }

    private Future<Void> deleteAttempts(BooleanSupplier stopped, Duration age, DeletionCounts counts) {
        return repeatBatches(stopped, RetentionSql.DELETE_ATTEMPTS, age, batch -> {
            counts.generationsWithoutAttempts += batch.count();
            return Future.succeededFuture();
        });
    }

    private Future<Void> deleteOrphans(BooleanSupplier stopped, Duration age, DeletionCounts counts) {
        return deleteOrphans(stopped, imageStore.listStaleFiles(age, BATCH_SIZE), counts);
    }

    private Future<Void> deleteOrphans(BooleanSupplier stopped, FilePages pages, DeletionCounts counts) {
        if (stopped.getAsBoolean()) {
            return Future.succeededFuture();
        }
        return pages.next().compose(page -> {
            if (page.isEmpty()) {
                return Future.succeededFuture();
            }
            return files.deleteOrphans(page)
                    .compose(orphans -> {
                        counts.orphanedFiles += orphans;
                        deletedOrphans.add(orphans);
                        return orphans == 0 ? Future.<Void>succeededFuture() : waitBetweenBatches();
                    })
                    .compose(done -> deleteOrphans(stopped, pages, counts));
        });
    }

    private Future<Void> repeatBatches(BooleanSupplier stopped, String sql, Duration age) {
        return repeatBatches(stopped, sql, age, batch -> Future.succeededFuture());
    }

    /** Repeats a batch until it is not full, another process holds the lock, or the task stops. */
    private Future<Void> repeatBatches(
            BooleanSupplier stopped, String sql, Duration age, Function<DeletedBatch, Future<Void>> afterBatch) {
        if (stopped.getAsBoolean()) {
            return Future.succeededFuture();
        }
        return store.deleteBatch(sql, age, BATCH_SIZE).compose(found -> {
            if (found.isEmpty()) {
                return Future.succeededFuture();
            }
            Future<Void> done = afterBatch.apply(found.get());
            return found.get().count() < BATCH_SIZE
                    ? done
                    : done.compose(ignored -> waitBetweenBatches())
                            .compose(ignored -> repeatBatches(stopped, sql, age, afterBatch));
        });
    }

    private Future<Void> waitBetweenBatches() {
        return vertx.timer(BATCH_DELAY.toMillis(), TimeUnit.MILLISECONDS).mapEmpty();
    }

    private void recordFailure(String message, Throwable error) {
        failures.increment();
        LOG.atWarn().addKeyValue("reason", error.getMessage()).log(message);
    }

    private static void logChanges(String message, List<String> partitions) {
        if (!partitions.isEmpty()) {
            LOG.atInfo()
                    .addKeyValue("partitions", String.join(", ", partitions))
                    .log(message);
        }
    }

    private static void logSummary(DeletionCounts counts) {
        if (counts.generations + counts.generationsWithoutAttempts + counts.orphanedFiles > 0) {
            LOG.atInfo()
                    .addKeyValue("generations", counts.generations)
                    .addKeyValue("images", counts.images)
                    .addKeyValue("generationsWithoutAttempts", counts.generationsWithoutAttempts)
                    .addKeyValue("orphanedFiles", counts.orphanedFiles)
                    .log("retention cleanup finished");
        }
    }
}
