package dev.darkroom.erasure;

import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.image.ImageStore;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.eventbus.DeliveryOptions;
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
    private static final long PAUSE_MS = 1_000;

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

    /** Makes passes until nothing is left and the erasure is finished. */
    public Future<Void> complete(String user) {
        return pass(user)
                .compose(deleted -> store.isOpen(user))
                .compose(open -> open ? pause().compose(over -> complete(user)) : Future.succeededFuture());
    }

    /** Makes a pass over each erasure that is not finished. */
    Future<Void> resume() {
        return store.open().compose(users -> {
            Future<Void> done = Future.succeededFuture();
            for (String user : users) {
                done = done.compose(before -> pass(user).mapEmpty());
            }
            return done;
        });
    }

    /**
     * Deletes everything that there is.
     *
     * @return completes with the number of rows
     */
    Future<Integer> pass(String user) {
        return store.deleteCredentials(user)
                .compose(credentials -> generations(user, credentials))
                .compose(before -> store.deleteOthers(user).map(others -> before + others))
                .compose(deleted -> deleted > 0
                        ? Future.succeededFuture(deleted)
                        : store.finish(user).map(finished -> {
                            if (finished) {
                                LOG.atInfo().log("user erasure finished");
                            }
                            return 0;
                        }));
    }

    private Future<Integer> generations(String user, int before) {
        return store.deleteGenerations(user).compose(batch -> {
            if (batch.generations() == 0) {
                return Future.succeededFuture(before);
            }
            endAttempts();
            return deleteFiles(batch.keys()).compose(done -> generations(user, before + batch.generations()));
        });
    }

    /** Attempts under way learn from the database that their leases are gone; caches forget what they have. */
    private void endAttempts() {
        vertx.eventBus().publish(GenerationBus.CANCELLED, null, HERE);
        hints.send(GenerationBus.CANCELLED_HINT);
        vertx.eventBus().publish(GenerationBus.FORGET, null, HERE);
        hints.send(GenerationBus.FORGET_HINT);
    }

    /** Never fails: housekeeping deletes later what is not deleted now. */
    private Future<Void> deleteFiles(List<String> keys) {
        return Future.all(keys.stream().map(images::delete).toList())
                .compose(gone -> keys.isEmpty() ? Future.succeededFuture() : store.filesDeleted(keys))
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("reason", error.toString())
                        .log("image files of an erased user not deleted yet"))
                .otherwiseEmpty();
    }

    private Future<Void> pause() {
        Promise<Void> over = Promise.promise();
        vertx.setTimer(PAUSE_MS, timer -> over.complete());
        return over.future();
    }
}
