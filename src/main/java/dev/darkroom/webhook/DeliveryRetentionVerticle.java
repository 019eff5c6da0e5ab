package dev.darkroom.webhook;

import dev.darkroom.database.Database;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Deletes deliveries past their retention, and deleted webhooks with their deliveries. One instance per process. */
public final class DeliveryRetentionVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(DeliveryRetentionVerticle.class);
    private static final int BATCH_SIZE = 500;

    private final DeliveryRetentionStore store;
    private final Duration retention;
    private final Duration interval;
    private PeriodicTask retentionTask;

    /**
     * @param retention minimum age of deleted deliveries
     * @param interval time between two runs
     */
    public DeliveryRetentionVerticle(Database database, Duration retention, Duration interval) {
        this.store = new DeliveryRetentionStore(database);
        this.retention = retention;
        this.interval = interval;
    }

    @Override
    public Future<?> start() {
        retentionTask = new PeriodicTask(vertx, interval, this::deleteExpired);
        retentionTask.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return retentionTask.stop();
    }

    private Future<?> deleteExpired() {
        return repeatUntilDone(() -> store.deleteExpired(retention, BATCH_SIZE))
                .compose(done -> repeatUntilDone(() -> store.deleteOfDeletedWebhooks(BATCH_SIZE)))
                .compose(done -> store.deleteEmptyWebhooks())
                .onFailure(error ->
                        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("delivery retention failed"));
    }

    private Future<Void> repeatUntilDone(Supplier<Future<Integer>> batch) {
        return batch.get()
                .compose(deleted -> deleted < BATCH_SIZE || retentionTask.stopped()
                        ? Future.succeededFuture()
                        : repeatUntilDone(batch));
    }
}
