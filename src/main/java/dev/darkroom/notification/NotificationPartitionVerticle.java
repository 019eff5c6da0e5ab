package dev.darkroom.notification;

import dev.darkroom.database.Database;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates partitions of {@code notifications} ahead of time, drops expired ones and deletes expired subscribers. Runs in every
 * process; an advisory lock admits one at a time. One instance per process.
 */
public final class NotificationPartitionVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(NotificationPartitionVerticle.class);

    /** Weeks for which partitions exist in advance. New rows find their partition after an outage of that length. */
    private static final int WEEKS_AHEAD = 3;

    private static final Duration INTERVAL = Duration.ofMinutes(10);

    private final NotificationPartitionStore partitions;
    private final NotificationStore notifications;
    private final Duration retention;
    private PeriodicTask maintenanceTask;

    /** @param retention minimum age of deleted notifications; a partition is dropped whole, up to a week later */
    public NotificationPartitionVerticle(Database database, Duration retention) {
        this.partitions = new NotificationPartitionStore(database);
        this.notifications = new NotificationStore(database);
        this.retention = retention;
    }

    @Override
    public Future<?> start() {
        maintenanceTask = new PeriodicTask(vertx, INTERVAL, this::maintain);
        maintenanceTask.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return maintenanceTask.stop();
    }

    private Future<?> maintain() {
        return partitions
                .create(WEEKS_AHEAD)
                .onSuccess(created -> logChanges("notification partitions created", created))
                .compose(created -> partitions.drop(retention))
                .onSuccess(dropped -> logChanges("notification partitions dropped", dropped))
                .compose(dropped -> notifications.deleteExpiredSubscribers(retention))
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("reason", error.getMessage())
                        .log("notification partition maintenance failed"));
    }

    private static void logChanges(String message, List<String> partitions) {
        if (!partitions.isEmpty()) {
            LOG.atInfo()
                    .addKeyValue("partitions", String.join(", ", partitions))
                    .log(message);
        }
    }
}
