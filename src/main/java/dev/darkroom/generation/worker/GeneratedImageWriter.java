package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageKeyFactory;
import dev.darkroom.image.ImageStore;
import dev.darkroom.image.ImageStoreHealth;
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
final class GeneratedImageWriter {
    private static final Logger LOG = LoggerFactory.getLogger(GeneratedImageWriter.class);
    private static final Duration INITIAL_DELAY = Duration.ofMillis(100);
    private static final Duration MAX_DELAY = Duration.ofSeconds(2);

    private final Vertx vertx;
    private final ImageStore store;
    private final ImageStoreHealth health;
    private final GenerationLeaseStore leases;
    private final LongSupplier nanoClock;

    /** How the writing ended. */
    sealed interface Result {
        /** All images are whole in the store. */
        record Stored(List<StoredImage> images) implements Result {}

        /** The generation's time is over. Nothing is left in the store. */
        record DeadlineExceeded(String reason) implements Result {}

        /** The call was aborted. Nothing is left in the store. */
        record Aborted() implements Result {}
    }

    GeneratedImageWriter(
            Vertx vertx,
            ImageStore store,
            ImageStoreHealth health,
            GenerationLeaseStore leases,
            LongSupplier nanoClock) {
        this.vertx = vertx;
        this.store = store;
        this.health = health;
        this.leases = leases;
        this.nanoClock = nanoClock;
    }

    /**
     * Writes the images of an attempt.
     *
     * @param backendCall whose abort ends the writing
     * @param timeLeft how long the store may fail
     * @return never fails
     */
    Future<Result> write(
            List<Image> pictures, GenerationLease generationLease, BackendCall backendCall, Duration timeLeft) {
        WriteOperation writeOperation =
                new WriteOperation(pictures, generationLease, backendCall, nanoClock.getAsLong() + timeLeft.toNanos());
        return writeOperation.writeMissing(INITIAL_DELAY);
    }

    /** Deletes images that no row will name. What cannot be deleted is left to housekeeping. */
    void discard(List<StoredImage> images) {
        images.forEach(image -> store.delete(image.storageKey())
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("key", image.storageKey())
                        .addKeyValue("reason", error.toString())
                        .log("image without a generation not deleted")));
    }

    /** The images of one attempt on their way to the store. */
    private final class WriteOperation {
        private final List<Image> pictures;
        private final GenerationLease generationLease;
        private final BackendCall backendCall;
        private final long deadlineNanos;
        private final List<StoredImage> images = new ArrayList<>();
        private final Set<StoredImage> stored = ConcurrentHashMap.newKeySet();
        private boolean retrying;
        private boolean leaseExtended;

        WriteOperation(List<Image> pictures, GenerationLease generationLease, BackendCall backendCall, long end) {
            this.pictures = pictures;
            this.generationLease = generationLease;
            this.backendCall = backendCall;
            this.deadlineNanos = end;
            for (Image picture : pictures) {
                UUID id = ImageKeyFactory.createId(
                        generationLease.generationId(),
                        generationLease.fencingToken().nodeId(),
                        generationLease.token(),
                        images.size());
                images.add(StoredImage.of(id, ImageKeyFactory.createKey(id, picture.format()), picture));
            }
        }

        Future<Result> writeMissing(Duration pause) {
            List<Future<Void>> writes = new ArrayList<>();
            for (int i = 0; i < images.size(); i++) {
                StoredImage image = images.get(i);
                if (!stored.contains(image)) {
                    writes.add(store.put(image.storageKey(), pictures.get(i)).onSuccess(done -> stored.add(image)));
                }
            }
            return Future.join(writes)
                    .transform(done ->
                            done.succeeded() ? finish(new Result.Stored(images)) : retryOrFail(done.cause(), pause));
        }

        private Future<Result> retryOrFail(Throwable cause, Duration pause) {
            if (!retrying) {
                retrying = true;
                health.recordWriteFailure(cause);
                LOG.atWarn()
                        .addKeyValue("generation", generationLease.generationId())
                        .addKeyValue("attempt", generationLease.number())
                        .addKeyValue("reason", String.valueOf(cause))
                        .log("images not stored, trying again");
            }
            if (backendCall.aborted()) {
                return finish(new Result.Aborted());
            }
            if (deadlineNanos - nanoClock.getAsLong() <= pause.toNanos()) {
                return finish(new Result.DeadlineExceeded(String.valueOf(cause)));
            }
            Duration next = pause.multipliedBy(2).compareTo(MAX_DELAY) > 0 ? MAX_DELAY : pause.multipliedBy(2);
            return extendLease().compose(done -> waitFor(pause)).compose(over -> writeMissing(next));
        }

        /** Keeps the sweep from taking the attempt for one that never ends. What fails is tried in the next round. */
        private Future<Void> extendLease() {
            if (leaseExtended) {
                return Future.succeededFuture();
            }
            return leases.extend(generationLease)
                    .onSuccess(held -> leaseExtended = true)
                    .<Void>mapEmpty()
                    .otherwiseEmpty();
        }

        private Future<Void> waitFor(Duration time) {
            Promise<Void> over = Promise.promise();
            long timer = vertx.setTimer(time.toMillis(), fired -> over.tryComplete());
            backendCall.onAbort(() -> {
                vertx.cancelTimer(timer);
                over.tryComplete();
            });
            return over.future();
        }

        private Future<Result> finish(Result result) {
            if (retrying) {
                health.recordWriteEnd(result instanceof Result.Stored);
            }
            if (!(result instanceof Result.Stored)) {
                discard(List.copyOf(stored));
            }
            return Future.succeededFuture(result);
        }
    }
}
