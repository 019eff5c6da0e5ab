package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import dev.darkroom.node.Recurring;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes deliveries that were kept as long as the notifications that they deliver, and what is left of deleted endpoints. One per process. */
public final class ClearanceVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(ClearanceVerticle.class);
    private static final int BATCH = 500;

    private final ClearanceStore store;
    private final Duration retention;
    private final Duration interval;
    private Recurring clearing;

    public ClearanceVerticle(Database database, Duration retention, Duration interval) {
        this.store = new ClearanceStore(database);
        this.retention = retention;
        this.interval = interval;
    }

    @Override
    public Future<?> start() {
        clearing = new Recurring(vertx, interval, this::clear);
        clearing.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return clearing.stop();
    }

    private Future<?> clear() {
        return whileThereIsMore(() -> store.old(retention, BATCH))
                .compose(done -> whileThereIsMore(() -> store.ofDeleted(BATCH)))
                .compose(done -> store.webhooks())
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("reason", error.getMessage())
                        .log("old deliveries could not be deleted"));
    }

    private Future<Void> whileThereIsMore(Supplier<Future<Integer>> batch) {
        return batch.get()
                .compose(deleted ->
                        deleted < BATCH || clearing.stopped() ? Future.succeededFuture() : whileThereIsMore(batch));
    }
}
