package dev.darkroom.maintenance;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.image.ImageKeyFactory;
import dev.darkroom.image.ImageStore;
import dev.darkroom.maintenance.ErasureStore.ErasedAttempt;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Erases a user in passes, each of which deletes everything that it finds. The last pass finds nothing, and comes 5 s after
 * the request at the earliest, because credentials are cached for 3 s. Any process may make a pass at any time, so that one
 * that was interrupted is made again. Usable from any event loop.
 */
public final class UserErasureService {
    private static final Logger LOG = LoggerFactory.getLogger(UserErasureService.class);
    private static final DeliveryOptions LOCAL_ONLY = new DeliveryOptions().setLocalOnly(true);
    private static final Duration SHORT_PASS_DELAY = Duration.ofMillis(100);
    private static final Duration PASS_DELAY = Duration.ofSeconds(1);

    /** How many passes in a row may fail before {@link #complete} fails. */
    private static final int MAX_FAILURES = 10;

    private final Vertx vertx;
    private final ErasureStore store;
    private final NotifyChannel notifyChannel;
    private final ImageStore imageStore;

    public UserErasureService(Vertx vertx, Database database, NotifyChannel notifyChannel, ImageStore images) {
        this.vertx = vertx;
        this.store = new ErasureStore(database);
        this.notifyChannel = notifyChannel;
        this.imageStore = images;
    }

    /** Stores that a user is to be erased. From then on it happens, whatever process dies. */
    public Future<Void> request(String user) {
        return store.request(user);
    }

    /**
     * Makes passes until the erasure is finished. Repeats a pass that fails, such as one that met a result being recorded.
     *
     * @return fails when ten passes in a row fail
     */
    public Future<Void> complete(String user) {
        return complete(user, 0);
    }

    private Future<Void> complete(String user, int failures) {
        return runPass(user).compose(nothingLeft -> store.isUnfinished(user)).transform(done -> {
            if (done.succeeded()) {
                return done.result()
                        ? waitFor(PASS_DELAY).compose(over -> complete(user, 0))
                        : Future.succeededFuture();
            }
            logInterruption(done.cause());
            return failures + 1 < MAX_FAILURES
                    ? waitFor(PASS_DELAY).compose(over -> complete(user, failures + 1))
                    : Future.failedFuture(done.cause());
        });
    }

    /**
     * Makes passes until one finds nothing, or the time is over.
     *
     * @return completes with whether a pass found nothing; never fails
     */
    Future<Boolean> erase(String user, Duration time) {
        return erase(user, System.nanoTime() + time.toNanos());
    }

    private Future<Boolean> erase(String user, long end) {
        return runPass(user)
                .onFailure(UserErasureService::logInterruption)
                .otherwise(false)
                .compose(nothingLeft -> nothingLeft || System.nanoTime() - end >= 0
                        ? Future.succeededFuture(nothingLeft)
                        : waitFor(SHORT_PASS_DELAY).compose(over -> erase(user, end)));
    }

    /** Makes a pass over each erasure that is not finished. One that fails keeps no other from its turn. */
    Future<Void> resume() {
        return store.findUnfinished()
                .onFailure(UserErasureService::logInterruption)
                .compose(users -> {
                    Future<Void> done = Future.succeededFuture();
                    for (String user : users) {
                        done = done.compose(before -> runPass(user)
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
     * Deletes everything that there is.
     *
     * @return completes with whether there was nothing: no row, no file, and no attempt that may still write one
     */
    Future<Boolean> runPass(String user) {
        return store.deleteCredentials(user)
                .compose(credentials -> deleteGenerations(user, credentials))
                .compose(before -> store.deleteOthers(user).map(others -> before + others))
                .compose(before -> deleteImages(user, before))
                .compose(before -> deleteAttemptFiles(user, before))
                .compose(before -> store.countErasedAttempts(user).map(left -> {
                    if (left > 0) {
                        publish(GenerationBus.ERASED, GenerationBus.ERASED_SIGNAL);
                    }
                    return before + left;
                }))
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

    private Future<Integer> deleteGenerations(String user, int before) {
        return store.deleteGenerations(user).compose(deleted -> {
            if (deleted == 0) {
                return Future.succeededFuture(before);
            }
            // Attempts under way learn from the database that their leases are gone; caches forget what they have.
            publish(GenerationBus.CANCELLED, GenerationBus.CANCELLED_SIGNAL);
            publish(GenerationBus.DELETED, GenerationBus.DELETED_SIGNAL);
            return deleteImages(user, before + deleted).compose(found -> deleteGenerations(user, found));
        });
    }

    private void publish(String address, String hint) {
        vertx.eventBus().publish(address, null, LOCAL_ONLY);
        notifyChannel.send(hint);
    }

    private Future<Integer> deleteImages(String user, int before) {
        return store.findErasedImages(user)
                .compose(keys -> keys.isEmpty()
                        ? Future.succeededFuture(before)
                        : deleteFiles(keys)
                                .compose(deleted -> store.deleteErasedImages(keys))
                                .compose(deleted -> deleteImages(user, before + keys.size())));
    }

    /** Deletes files that no row of images names. */
    private Future<Integer> deleteAttemptFiles(String user, int before) {
        return store.findEndedAttempts(user)
                .compose(ended -> ended.isEmpty()
                        ? Future.succeededFuture(before)
                        : deleteFiles(ended.stream()
                                        .flatMap(attempt -> storageKeys(attempt).stream())
                                        .toList())
                                .compose(deleted -> store.deleteErasedAttempts(ended))
                                .compose(deleted -> deleteAttemptFiles(user, before + ended.size())));
    }

    private static List<String> storageKeys(ErasedAttempt attempt) {
        return ImageKeyFactory.keysOfAttempt(
                attempt.generationId(), attempt.nodeId(), attempt.token(), attempt.imageCount());
    }

    private Future<Void> deleteFiles(List<String> keys) {
        return Future.join(keys.stream().map(imageStore::delete).toList()).mapEmpty();
    }

    private Future<Void> waitFor(Duration time) {
        Promise<Void> over = Promise.promise();
        vertx.setTimer(time.toMillis(), timer -> over.complete());
        return over.future();
    }
}
