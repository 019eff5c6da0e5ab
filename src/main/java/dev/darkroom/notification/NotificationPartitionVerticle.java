package dev.darkroom.notification;

import dev.darkroom.database.Database;
import dev.darkroom.node.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes the partitions of notifications before they are needed, and drops those that have been kept for long enough. Every process
 * may; they take turns. One instance per process.
 */
public final class NotificationPartitionVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(NotificationPartitionVerticle.class);

    /** So long everybody may be down, and the rows still find their partition. */
    private static final int WEEKS_AHEAD = 3;

    private static final Duration INTERVAL = Duration.ofMinutes(10);

    private final NotificationPartitionStore partitions;
    private final NotificationStore notifications;
    private final Duration retention;
    private PeriodicTask maintenanceTask;

    /** @param retention how long notifications are kept at least; up to a week longer, with their partition */
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
                .onSuccess(made -> logChanges("partitions of notifications made", made))
                .compose(made -> partitions.drop(retention))
                .onSuccess(dropped -> logChanges("notifications dropped", dropped))
                .compose(dropped -> notifications.deleteExpiredSubscribers(retention))
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("reason", error.getMessage())
                        .log("partitions of notifications could not be kept"));
    }

    private static void logChanges(String what, List<String> which) {
        if (!which.isEmpty()) {
            LOG.atInfo().addKeyValue("which", String.join(", ", which)).log(what);
        }
    }
}
