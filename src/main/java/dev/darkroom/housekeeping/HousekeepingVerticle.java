package dev.darkroom.housekeeping;

import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.image.ImageStore;
import dev.darkroom.node.Recurring;
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
public final class HousekeepingVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(HousekeepingVerticle.class);
    private static final int BATCH = 500;
    private static final Duration PAUSE = Duration.ofMillis(100);

    /** So long a request may be sent again, as the contract says, and a little longer. */
    private static final Duration IDEMPOTENCY = Duration.ofHours(25);

    /** Whoever deletes rows deletes the files at once. After so long they will not any more. */
    private static final Duration LEFT_BEHIND = Duration.ofMinutes(1);

    /** A picture's file is named by its id. Other files are not ours. */
    private static final Pattern NAME =
            Pattern.compile("(?:.*/)?(\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12})\\.[0-9a-z]+");

    private final RetentionStore store;
    private final ImageStore images;
    private final Settings.Retention settings;
    private Recurring cleaning;

    public HousekeepingVerticle(Database database, ImageStore images, Settings.Retention settings) {
        this.store = new RetentionStore(database);
        this.images = images;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        cleaning = new Recurring(vertx, settings.interval(), this::clean);
        cleaning.start();
        return Future.succeededFuture();
    }

    /** Completes once the batch under way, if there is one, is done. There is no further one. */
    @Override
    public Future<?> stop() {
        return cleaning.stop();
    }

    /** What one turn deleted. */
    private static final class Tally {
        private int generations;
        private int withoutAttempts;
        private int pictures;
        private int orphans;
    }

    private Future<?> clean() {
        Tally tally = new Tally();
        return Future.succeededFuture()
                .compose(begin -> whileThereIsMore(() -> store.idempotencyKeys(IDEMPOTENCY, BATCH), deleted -> begin()))
                .compose(done -> whileThereIsMore(() -> store.tickets(BATCH), deleted -> begin()))
                .compose(done -> store.discarded(LEFT_BEHIND, BATCH))
                .compose(this::deletePictures)
                .compose(done -> settings.ended() == null ? begin() : ended(tally))
                .compose(done -> settings.attempts() == null ? begin() : attempts(tally))
                .compose(done -> settings.orphans() == null ? begin() : orphans(tally))
                .onFailure(error ->
                        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("housekeeping failed"))
                .otherwiseEmpty()
                .onComplete(done -> tell(tally));
    }

    private static Future<Void> begin() {
        return Future.succeededFuture();
    }

    private Future<Void> ended(Tally tally) {
        return whileThereIsMore(() -> store.ended(settings.ended(), BATCH), deleted -> {
            tally.generations += deleted.generations();
            tally.pictures += deleted.keys().size();
            return deletePictures(deleted.keys());
        });
    }

    private Future<Void> attempts(Tally tally) {
        return whileThereIsMore(() -> store.attempts(settings.attempts(), BATCH), deleted -> {
            tally.withoutAttempts += deleted.generations();
            return begin();
        });
    }

    private Future<Void> whileThereIsMore(
            Supplier<Future<Optional<RetentionStore.Deleted>>> batch,
            Function<RetentionStore.Deleted, Future<Void>> then) {
        if (cleaning.stopped()) {
            return begin();
        }
        return batch.get().compose(found -> {
            if (found.isEmpty()) {
                return begin();
            }
            RetentionStore.Deleted deleted = found.get();
            return then.apply(deleted)
                    .compose(done -> deleted.generations() < BATCH ? begin() : pause())
                    .compose(done -> deleted.generations() < BATCH ? begin() : whileThereIsMore(batch, then));
        });
    }

    private Future<Void> orphans(Tally tally) {
        return images.oldKeys(settings.orphans(), BATCH, keys -> cleaning.stopped() ? begin() : orphans(keys, tally));
    }

    private Future<Void> orphans(List<String> keys, Tally tally) {
        Map<String, UUID> ids = new LinkedHashMap<>();
        for (String key : keys) {
            Matcher name = NAME.matcher(key);
            if (name.matches()) {
                ids.put(key, UUID.fromString(name.group(1)));
            }
        }
        return store.known(List.copyOf(ids.values())).compose(known -> {
            List<String> orphans =
                    ids.keySet().stream().filter(key -> !known.contains(key)).toList();
            tally.orphans += orphans.size();
            return deleteFiles(orphans).compose(done -> orphans.isEmpty() ? begin() : pause());
        });
    }

    /** Of pictures whose rows are deleted. What cannot be deleted now is tried again. */
    private Future<Void> deletePictures(List<String> keys) {
        return deleteFiles(keys).compose(store::filesDeleted);
    }

    /** Completes, never fails, with those that are gone. */
    private Future<List<String>> deleteFiles(List<String> keys) {
        List<String> gone = new ArrayList<>();
        return Future.join(keys.stream()
                        .map(key -> images.delete(key)
                                .onSuccess(deleted -> gone.add(key))
                                .onFailure(error -> LOG.atWarn()
                                        .addKeyValue("key", key)
                                        .addKeyValue("reason", error.toString())
                                        .log("picture file not deleted")))
                        .toList())
                .transform(done -> Future.succeededFuture(gone));
    }

    private Future<Void> pause() {
        Promise<Void> promise = Promise.promise();
        vertx.setTimer(PAUSE.toMillis(), timer -> promise.complete());
        return promise.future();
    }

    private static void tell(Tally tally) {
        if (tally.generations + tally.withoutAttempts + tally.orphans > 0) {
            LOG.atInfo()
                    .addKeyValue("generations", tally.generations)
                    .addKeyValue("pictures", tally.pictures)
                    .addKeyValue("withoutAttempts", tally.withoutAttempts)
                    .addKeyValue("orphans", tally.orphans)
                    .log("housekeeping deleted");
        }
    }
}
