package dev.darkroom.maintenance;

import dev.darkroom.image.ImageStore;
import dev.darkroom.image.ImageStoreHealth;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Checks every 10 s whether the image store is writable, and every second while it fails. One instance per process with workers. */
public final class ImageStoreHealthVerticle extends VerticleBase {
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final int RUNS_PER_CHECK = 10;

    /** Time after which a check without a result counts as failed. */
    private static final long CHECK_TIMEOUT_MS = 5_000;

    private final ImageStore imageStore;
    private final ImageStoreHealth health;
    private PeriodicTask checkTask;
    private int runCount;

    /** @param health receives the results of the checks */
    public ImageStoreHealthVerticle(ImageStore imageStore, ImageStoreHealth health) {
        this.imageStore = imageStore;
        this.health = health;
    }

    @Override
    public Future<?> start() {
        checkTask = new PeriodicTask(vertx, INTERVAL, this::check);
        checkTask.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return checkTask.stop();
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
