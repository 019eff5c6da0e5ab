package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.maintenance.ErasureStore.ErasedAttempt;
import dev.darkroom.task.PeriodicTaskVerticle;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Erases users. An erasure consists of passes; each deletes all data that it finds. The last pass finds nothing and runs at the earliest
 * 5 s after the request, because credentials are cached for 3 s. Passes are idempotent: any process may run one at any time, and an
 * interrupted pass is repeated. Usable from any event loop.
 */
public final class UserErasureService {
    private static final Logger LOG = LoggerFactory.getLogger(UserErasureService.class);
    private static final Duration RESUME_INTERVAL = Duration.ofSeconds(5);
    private static final Duration SHORT_PASS_DELAY = Duration.ofMillis(100);
    private static final Duration PASS_DELAY = Duration.ofSeconds(1);

    /** Number of consecutive failed passes after which {@link #complete} fails. */
    private static final int MAX_FAILURES = 10;

    private final Vertx vertx;
    private final ErasureStore store;
    private final NotifyChannel notifyChannel;
    private final ImageStore imageStore;

    public UserErasureService(Vertx vertx, Database database, NotifyChannel notifyChannel, ImageStore imageStore) {
        this.vertx = vertx;
        this.store = new ErasureStore(database);
        this.notifyChannel = notifyChannel;
        this.imageStore = imageStore;
    }

    /** Stores the request to erase a user. The running processes complete it even if this one stops. */
    public Future<Void> request(String user) {
        return store.request(user);
    }

    /**
     * Runs passes until the erasure is finished. Repeats failed passes; a pass fails, for example, when an attempt is recorded
     * concurrently.
     *
     * @return fails after ten consecutive failed passes
     */
    public Future<Void> complete(String user) {
        return complete(user, 0);
    }

    private Future<Void> complete(String user, int failures) {
        return runPass(user).compose(empty -> store.isUnfinished(user)).transform(unfinished -> {
            if (unfinished.succeeded()) {
                return unfinished.result()
                        ? waitFor(PASS_DELAY).compose(elapsed -> complete(user, 0))
                        : Future.succeededFuture();
            }
            logInterruption(unfinished.cause());
            return failures + 1 < MAX_FAILURES
                    ? waitFor(PASS_DELAY).compose(elapsed -> complete(user, failures + 1))
                    : Future.failedFuture(unfinished.cause());
        });
    }

    /**
     * Runs passes until one finds nothing or {@code timeout} is over.
     *
     * @return completes with true if a pass found nothing, never fails
     */
    Future<Boolean> erase(String user, Duration timeout) {
        return erase(user, System.nanoTime() + timeout.toNanos());
    }

    private Future<Boolean> erase(String user, long deadlineNanos) {
        return runPass(user)
                .onFailure(UserErasureService::logInterruption)
                .otherwise(false)
                .compose(empty -> empty || System.nanoTime() - deadlineNanos >= 0
                        ? Future.succeededFuture(empty)
                        : waitFor(SHORT_PASS_DELAY).compose(elapsed -> erase(user, deadlineNanos)));
    }

    /** Continues unfinished erasures, including those of stopped processes. */
    public PeriodicTaskVerticle.Task resumeTask() {
        return new PeriodicTaskVerticle.Task(RESUME_INTERVAL, stopped -> resume());
    }

    /** Runs one pass for each unfinished erasure. A failed pass does not prevent the others. */
    private Future<Void> resume() {
        return store.findUnfinished()
                .onFailure(UserErasureService::logInterruption)
                .compose(users -> {
                    Future<Void> done = Future.succeededFuture();
                    for (String user : users) {
                        done = done.compose(previous -> runPass(user)
                                .onFailure(UserErasureService::logInterruption)
                                .<Void>mapEmpty()
                                .otherwiseEmpty());
                    }
                    return done;
                });
    }

    private static void logInterruption(Throwable error) {
        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("user erasure interrupted, will continue");
    }

    /**
     * Runs one pass: deletes all rows and files of a user.
     *
     * @return completes with true if it found no row, no file, and no attempt that may still write one
     */
    Future<Boolean> runPass(String user) {
        List<Function<String, Future<Integer>>> steps = List.of(
                store::deleteCredentials,
                name -> ErasureStore.repeat(() -> deleteGenerations(name)),
                store::deleteOthers,
                this::deleteImages,
                this::deleteAttemptFiles,
                this::countAttempts);
        return ErasureStore.sum(steps, step -> step.apply(user))
                .compose(found -> found > 0 ? Future.succeededFuture(false) : finish(user));
    }

    private Future<Boolean> finish(String user) {
        return store.finish(user).map(finished -> {
            if (finished) {
                LOG.atInfo().log("user erasure finished");
            }
            return true;
        });
    }

    private Future<Integer> deleteGenerations(String user) {
        return store.deleteGenerations(user).compose(deleted -> {
            if (deleted == 0) {
                return Future.succeededFuture(0);
            }
            // Makes workers check their leases in the database, and caches remove the generations.
            GenerationSignals.CANCELLED.publish(notifyChannel);
            GenerationSignals.DELETED.publish(notifyChannel);
            return deleteImages(user).map(images -> deleted + images);
        });
    }

    private Future<Integer> deleteImages(String user) {
        return ErasureStore.repeat(() -> store.findErasedImages(user)
                .compose(keys -> keys.isEmpty()
                        ? Future.succeededFuture(0)
                        : deleteFiles(keys)
                                .compose(deleted -> store.deleteErasedImages(keys))
                                .map(keys.size())));
    }

    /** Deletes files of attempts that were never recorded in {@code images}. */
    private Future<Integer> deleteAttemptFiles(String user) {
        return ErasureStore.repeat(() -> store.findEndedAttempts(user)
                .compose(ended -> ended.isEmpty()
                        ? Future.succeededFuture(0)
                        : deleteFiles(ended.stream()
                                        .flatMap(attempt -> storageKeys(attempt).stream())
                                        .toList())
                                .compose(deleted -> store.deleteErasedAttempts(ended))
                                .map(ended.size())));
    }

    private Future<Integer> countAttempts(String user) {
        return store.countErasedAttempts(user).onSuccess(remaining -> {
            if (remaining > 0) {
                GenerationSignals.ERASED.publish(notifyChannel);
            }
        });
    }

    private static List<String> storageKeys(ErasedAttempt attempt) {
        return ImageKeyFactory.keysOfAttempt(
                attempt.generationId(), attempt.nodeId(), attempt.token(), attempt.imageCount());
    }

    private Future<Void> deleteFiles(List<String> keys) {
        return Future.join(keys.stream().map(imageStore::delete).toList()).mapEmpty();
    }

    private Future<Void> waitFor(Duration time) {
        return vertx.timer(time.toMillis(), TimeUnit.MILLISECONDS).mapEmpty();
    }
}
