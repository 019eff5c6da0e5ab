package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.image.Image;
import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreHealth;
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
 * Writes the images of an attempt to the image store. Retries a failing store, with exponential delays, until the deadline of the
 * generation, because the images are paid for and the AI server is not at fault. The images stay in memory meanwhile, within the memory
 * reservation that the backend call holds until its release.
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

    /** Result of a write. */
    sealed interface Result {
        /** All images are completely stored. */
        record Stored(List<StoredImage> images) implements Result {}

        /** The deadline of the generation has passed. Nothing is left in the store. */
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
     * @param backendCall its abort ends the write
     * @param timeLeft time until the deadline of the generation
     * @return never fails
     */
    Future<Result> write(
            List<Image> images, GenerationLease generationLease, BackendCall backendCall, Duration timeLeft) {
        WriteOperation writeOperation =
                new WriteOperation(images, generationLease, backendCall, nanoClock.getAsLong() + timeLeft.toNanos());
        return writeOperation.writeMissing(INITIAL_DELAY);
    }

    /** Deletes stored images without a row. The retention cleanup deletes the remaining ones. */
    void discard(GenerationLease generationLease, List<StoredImage> storedImages) {
        storedImages.forEach(image -> store.delete(image.storageKey())
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("generation", generationLease.generationId())
                        .addKeyValue("attempt", generationLease.number())
                        .addKeyValue("key", image.storageKey())
                        .addKeyValue("reason", error.toString())
                        .log("orphaned image not deleted")));
    }

    /** Write of the images of one attempt, with its retries. */
    private final class WriteOperation {
        private final List<Image> images;
        private final GenerationLease generationLease;
        private final BackendCall backendCall;
        private final long deadlineNanos;
        /** Metadata of {@link #images}, in the same order. */
        private final List<StoredImage> storedImages = new ArrayList<>();

        private final Set<StoredImage> written = ConcurrentHashMap.newKeySet();
        private boolean retrying;
        private boolean leaseExtended;

        WriteOperation(
                List<Image> images, GenerationLease generationLease, BackendCall backendCall, long deadlineNanos) {
            this.images = images;
            this.generationLease = generationLease;
            this.backendCall = backendCall;
            this.deadlineNanos = deadlineNanos;
            for (Image image : images) {
                UUID id = ImageKeyFactory.createId(
                        generationLease.generationId(),
                        generationLease.fencingToken().nodeId(),
                        generationLease.token(),
                        storedImages.size());
                storedImages.add(StoredImage.of(id, ImageKeyFactory.createKey(id, image.format()), image));
            }
        }

        Future<Result> writeMissing(Duration retryDelay) {
            List<Future<Void>> writes = new ArrayList<>();
            for (int i = 0; i < images.size(); i++) {
                StoredImage image = storedImages.get(i);
                if (!written.contains(image)) {
                    writes.add(store.put(image.storageKey(), images.get(i)).onSuccess(done -> written.add(image)));
                }
            }
            return Future.join(writes)
                    .transform(done -> done.succeeded()
                            ? finish(new Result.Stored(storedImages))
                            : retryOrFail(done.cause(), retryDelay));
        }

        private Future<Result> retryOrFail(Throwable cause, Duration delay) {
            if (!retrying) {
                retrying = true;
                health.recordWriteFailure(cause);
                LOG.atWarn()
                        .addKeyValue("generation", generationLease.generationId())
                        .addKeyValue("attempt", generationLease.number())
                        .addKeyValue("reason", String.valueOf(cause))
                        .log("images not stored, retry scheduled");
            }
            if (backendCall.aborted()) {
                return finish(new Result.Aborted());
            }
            if (deadlineNanos - nanoClock.getAsLong() <= delay.toNanos()) {
                return finish(new Result.DeadlineExceeded(String.valueOf(cause)));
            }
            Duration next = delay.multipliedBy(2).compareTo(MAX_DELAY) > 0 ? MAX_DELAY : delay.multipliedBy(2);
            return extendLease().compose(done -> waitFor(delay)).compose(waited -> writeMissing(next));
        }

        /** Extends the lease, so that the reaper does not reclaim it. Never fails; the next retry tries again. */
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
            Promise<Void> waited = Promise.promise();
            long timer = vertx.setTimer(time.toMillis(), fired -> waited.tryComplete());
            backendCall.onAbort(() -> {
                vertx.cancelTimer(timer);
                waited.tryComplete();
            });
            return waited.future();
        }

        private Future<Result> finish(Result result) {
            if (retrying) {
                health.recordWriteEnd(result instanceof Result.Stored);
            }
            if (!(result instanceof Result.Stored)) {
                discard(generationLease, List.copyOf(written));
            }
            return Future.succeededFuture(result);
        }
    }
}
