package dev.darkroom.erasure;

import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.erasure.ErasureStore.ErasedAttempt;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.image.ImageKeys;
import dev.darkroom.image.ImageStore;
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
public final class UserErasure {
    private static final Logger LOG = LoggerFactory.getLogger(UserErasure.class);
    private static final DeliveryOptions HERE = new DeliveryOptions().setLocalOnly(true);
    private static final Duration SHORT_PAUSE = Duration.ofMillis(100);
    private static final Duration PAUSE = Duration.ofSeconds(1);

    /** How many passes in a row may fail before {@link #complete} fails. */
    private static final int MAX_FAILURES = 10;

    private final Vertx vertx;
    private final ErasureStore store;
    private final Hints hints;
    private final ImageStore images;

    public UserErasure(Vertx vertx, Database database, Hints hints, ImageStore images) {
        this.vertx = vertx;
        this.store = new ErasureStore(database);
        this.hints = hints;
        this.images = images;
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
        return pass(user).compose(nothingLeft -> store.isOpen(user)).transform(done -> {
            if (done.succeeded()) {
                return done.result() ? pause(PAUSE).compose(over -> complete(user, 0)) : Future.succeededFuture();
            }
            interrupted(done.cause());
            return failures + 1 < MAX_FAILURES
                    ? pause(PAUSE).compose(over -> complete(user, failures + 1))
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
        return pass(user)
                .onFailure(UserErasure::interrupted)
                .otherwise(false)
                .compose(nothingLeft -> nothingLeft || System.nanoTime() - end >= 0
                        ? Future.succeededFuture(nothingLeft)
                        : pause(SHORT_PAUSE).compose(over -> erase(user, end)));
    }

    /** Makes a pass over each erasure that is not finished. One that fails keeps no other from its turn. */
    Future<Void> resume() {
        return store.open().onFailure(UserErasure::interrupted).compose(users -> {
            Future<Void> done = Future.succeededFuture();
            for (String user : users) {
                done = done.compose(before -> pass(user)
                        .onFailure(UserErasure::interrupted)
                        .<Void>mapEmpty()
                        .otherwiseEmpty());
            }
            return done;
        });
    }

    private static void interrupted(Throwable error) {
        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("user erasure interrupted, will continue");
    }

    /**
     * Deletes everything that there is.
     *
     * @return completes with whether there was nothing: no row, no file, and no attempt that may still write one
     */
    Future<Boolean> pass(String user) {
        return store.deleteCredentials(user)
                .compose(credentials -> generations(user, credentials))
                .compose(before -> store.deleteOthers(user).map(others -> before + others))
                .compose(before -> images(user, before))
                .compose(before -> attempts(user, before))
                .compose(before -> store.attemptsLeft(user).map(left -> {
                    if (left > 0) {
                        publish(GenerationBus.ERASED, GenerationBus.ERASED_HINT);
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

    private Future<Integer> generations(String user, int before) {
        return store.deleteGenerations(user).compose(deleted -> {
            if (deleted == 0) {
                return Future.succeededFuture(before);
            }
            // Attempts under way learn from the database that their leases are gone; caches forget what they have.
            publish(GenerationBus.CANCELLED, GenerationBus.CANCELLED_HINT);
            publish(GenerationBus.FORGET, GenerationBus.FORGET_HINT);
            return images(user, before + deleted).compose(found -> generations(user, found));
        });
    }

    private void publish(String address, String hint) {
        vertx.eventBus().publish(address, null, HERE);
        hints.send(hint);
    }

    private Future<Integer> images(String user, int before) {
        return store.images(user)
                .compose(keys -> keys.isEmpty()
                        ? Future.succeededFuture(before)
                        : deleteFiles(keys)
                                .compose(deleted -> store.imagesDeleted(keys))
                                .compose(deleted -> images(user, before + keys.size())));
    }

    /** Deletes files that no row of images names. */
    private Future<Integer> attempts(String user, int before) {
        return store.endedAttempts(user)
                .compose(ended -> ended.isEmpty()
                        ? Future.succeededFuture(before)
                        : deleteFiles(ended.stream()
                                        .flatMap(attempt -> keys(attempt).stream())
                                        .toList())
                                .compose(deleted -> store.attemptsDeleted(ended))
                                .compose(deleted -> attempts(user, before + ended.size())));
    }

    private static List<String> keys(ErasedAttempt attempt) {
        return ImageKeys.ofAttempt(attempt.generationId(), attempt.nodeId(), attempt.token(), attempt.images());
    }

    private Future<Void> deleteFiles(List<String> keys) {
        return Future.join(keys.stream().map(images::delete).toList()).mapEmpty();
    }

    private Future<Void> pause(Duration time) {
        Promise<Void> over = Promise.promise();
        vertx.setTimer(time.toMillis(), timer -> over.complete());
        return over.future();
    }
}
