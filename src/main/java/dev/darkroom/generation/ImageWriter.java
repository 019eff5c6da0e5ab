package dev.darkroom.generation;

import dev.darkroom.backend.Call;
import dev.darkroom.image.ImageKeys;
import dev.darkroom.image.ImageStore;
import dev.darkroom.image.ImageStoreHealth;
import dev.darkroom.image.Picture;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores the images of an attempt. A store that fails is asked again, with growing pauses, until the generation's time is
 * over: the images are made and paid for, and the fault is ours. They stay in memory meanwhile, within what the process
 * allows its calls, since the call keeps its share until it is told that it is finished.
 */
final class ImageWriter {
    private static final Logger LOG = LoggerFactory.getLogger(ImageWriter.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(100);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    private final Vertx vertx;
    private final ImageStore store;
    private final ImageStoreHealth health;
    private final LeaseStore leases;
    private final LongSupplier nanoClock;

    /** How the writing ended. */
    sealed interface Result {
        /** All images are whole in the store. */
        record Stored(List<KeptPicture> images) implements Result {}

        /** The generation's time is over. Nothing is left in the store. */
        record Late(String reason) implements Result {}

        /** The call was aborted. Nothing is left in the store. */
        record Aborted() implements Result {}
    }

    ImageWriter(Vertx vertx, ImageStore store, ImageStoreHealth health, LeaseStore leases, LongSupplier nanoClock) {
        this.vertx = vertx;
        this.store = store;
        this.health = health;
        this.leases = leases;
        this.nanoClock = nanoClock;
    }

    /**
     * Writes the images of an attempt.
     *
     * @param call whose abort ends the writing
     * @param timeLeft how long the store may fail
     * @return never fails
     */
    Future<Result> write(List<Picture> pictures, Lease lease, Call call, Duration timeLeft) {
        Writing writing = new Writing(pictures, lease, call, nanoClock.getAsLong() + timeLeft.toNanos());
        return writing.round(FIRST_PAUSE);
    }

    /** Deletes images that no row will name. What cannot be deleted is left to housekeeping. */
    void discard(List<KeptPicture> images) {
        images.forEach(image -> store.delete(image.storageKey())
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("key", image.storageKey())
                        .addKeyValue("reason", error.toString())
                        .log("image without a generation not deleted")));
    }

    /** The images of one attempt on their way to the store. */
    private final class Writing {
        private final List<Picture> pictures;
        private final Lease lease;
        private final Call call;
        private final long end;
        private final List<KeptPicture> images = new ArrayList<>();
        private final Set<KeptPicture> stored = ConcurrentHashMap.newKeySet();
        private boolean waiting;
        private boolean extended;

        Writing(List<Picture> pictures, Lease lease, Call call, long end) {
            this.pictures = pictures;
            this.lease = lease;
            this.call = call;
            this.end = end;
            for (Picture picture : pictures) {
                UUID id = ImageKeys.id(lease.generationId(), lease.fence().nodeId(), lease.token(), images.size());
                images.add(KeptPicture.of(id, ImageKeys.key(id, picture.format()), picture));
            }
        }

        Future<Result> round(Duration pause) {
            List<Future<Void>> writes = new ArrayList<>();
            for (int i = 0; i < images.size(); i++) {
                KeptPicture image = images.get(i);
                if (!stored.contains(image)) {
                    writes.add(store.keep(image.storageKey(), pictures.get(i)).onSuccess(done -> stored.add(image)));
                }
            }
            return Future.join(writes)
                    .transform(
                            done -> done.succeeded() ? ended(new Result.Stored(images)) : failed(done.cause(), pause));
        }

        private Future<Result> failed(Throwable cause, Duration pause) {
            if (!waiting) {
                waiting = true;
                health.writeFailed(cause);
                LOG.atWarn()
                        .addKeyValue("generation", lease.generationId())
                        .addKeyValue("attempt", lease.number())
                        .addKeyValue("reason", String.valueOf(cause))
                        .log("images not stored, trying again");
            }
            if (call.aborted()) {
                return ended(new Result.Aborted());
            }
            if (end - nanoClock.getAsLong() <= pause.toNanos()) {
                return ended(new Result.Late(String.valueOf(cause)));
            }
            Duration next = pause.multipliedBy(2).compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause.multipliedBy(2);
            return extend().compose(done -> pause(pause)).compose(over -> round(next));
        }

        /** Keeps the sweep from taking the attempt for one that never ends. What fails is tried in the next round. */
        private Future<Void> extend() {
            if (extended) {
                return Future.succeededFuture();
            }
            return leases.extend(lease)
                    .onSuccess(held -> extended = true)
                    .<Void>mapEmpty()
                    .otherwiseEmpty();
        }

        private Future<Void> pause(Duration time) {
            Promise<Void> over = Promise.promise();
            long timer = vertx.setTimer(time.toMillis(), fired -> over.tryComplete());
            call.onAbort(() -> {
                vertx.cancelTimer(timer);
                over.tryComplete();
            });
            return over.future();
        }

        private Future<Result> ended(Result result) {
            if (waiting) {
                health.writeEnded(result instanceof Result.Stored);
            }
            if (!(result instanceof Result.Stored)) {
                discard(List.copyOf(stored));
            }
            return Future.succeededFuture(result);
        }
    }
}
