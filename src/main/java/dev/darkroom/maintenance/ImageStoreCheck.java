package dev.darkroom.maintenance;

import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreHealth;
import dev.darkroom.task.PeriodicTaskVerticle;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Checks every 10 s whether the image store is writable, and every second while it fails. Belongs to the event loop that runs its task. */
public final class ImageStoreCheck {
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final int RUNS_PER_CHECK = 10;

    /** Time after which a check without a result counts as failed. */
    private static final long CHECK_TIMEOUT_MS = 5_000;

    private final ImageStore imageStore;
    private final ImageStoreHealth health;
    private int runCount;

    /** @param health receives the results of the checks */
    public ImageStoreCheck(ImageStore imageStore, ImageStoreHealth health) {
        this.imageStore = imageStore;
        this.health = health;
    }

    public PeriodicTaskVerticle.Task task() {
        return new PeriodicTaskVerticle.Task(INTERVAL, stopped -> check());
    }

    private Future<?> check() {
        if (runCount++ % RUNS_PER_CHECK != 0 && !health.failing()) {
            return Future.succeededFuture();
        }
        return imageStore
                .checkWritable()
                .timeout(CHECK_TIMEOUT_MS, TimeUnit.MILLISECONDS)
                .onSuccess(writable -> health.recordCheckSuccess())
                .onFailure(health::recordCheckFailure)
                .otherwiseEmpty();
    }
}
