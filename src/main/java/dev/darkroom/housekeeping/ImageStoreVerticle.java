package dev.darkroom.housekeeping;

import dev.darkroom.image.ImageStore;
import dev.darkroom.image.ImageStoreHealth;
import dev.darkroom.node.Recurring;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Checks the image store every 10 s, and every second while it fails. One instance per process that writes images. */
public final class ImageStoreVerticle extends VerticleBase {
    private static final Duration INTERVAL = Duration.ofSeconds(1);
    private static final int TURNS_WHILE_WELL = 10;

    /** A disk that does not answer for so long has failed. */
    private static final long LIMIT_MS = 5_000;

    private final ImageStore images;
    private final ImageStoreHealth health;
    private Recurring checking;
    private int turn;

    public ImageStoreVerticle(ImageStore images, ImageStoreHealth health) {
        this.images = images;
        this.health = health;
    }

    @Override
    public Future<?> start() {
        checking = new Recurring(vertx, INTERVAL, this::check);
        checking.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return checking.stop();
    }

    private Future<?> check() {
        if (turn++ % TURNS_WHILE_WELL != 0 && !health.failing()) {
            return Future.succeededFuture();
        }
        return images.check()
                .timeout(LIMIT_MS, TimeUnit.MILLISECONDS)
                .onSuccess(well -> health.checkPassed())
                .onFailure(health::checkFailed)
                .otherwiseEmpty();
    }
}
