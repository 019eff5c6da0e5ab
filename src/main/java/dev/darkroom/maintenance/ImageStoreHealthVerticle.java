package dev.darkroom.maintenance;

import dev.darkroom.image.ImageStore;
import dev.darkroom.image.ImageStoreHealth;
import dev.darkroom.node.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Checks the image store every 10 s, and every second while it fails. One instance per process that writes images. */
public final class ImageStoreHealthVerticle extends VerticleBase {
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final int RUNS_PER_CHECK = 10;

    /** A disk that does not answer for so long has failed. */
    private static final long CHECK_TIMEOUT_MS = 5_000;

    private final ImageStore imageStore;
    private final ImageStoreHealth health;
    private PeriodicTask checkTask;
    private int runCount;

    public ImageStoreHealthVerticle(ImageStore images, ImageStoreHealth health) {
        this.imageStore = images;
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
                .onSuccess(well -> health.recordCheckSuccess())
                .onFailure(health::recordCheckFailure)
                .otherwiseEmpty();
    }
}
