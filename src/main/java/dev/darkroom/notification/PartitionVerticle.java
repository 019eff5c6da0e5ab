package dev.darkroom.notification;

import dev.darkroom.database.Database;
import dev.darkroom.node.Recurring;
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
public final class PartitionVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(PartitionVerticle.class);

    /** So long everybody may be down, and the rows still find their partition. */
    private static final int WEEKS_AHEAD = 3;

    private static final Duration INTERVAL = Duration.ofMinutes(10);

    private final PartitionStore partitions;
    private final NotificationStore notifications;
    private final Duration retention;
    private Recurring keeping;

    /** @param retention how long notifications are kept at least; up to a week longer, with their partition */
    public PartitionVerticle(Database database, Duration retention) {
        this.partitions = new PartitionStore(database);
        this.notifications = new NotificationStore(database);
        this.retention = retention;
    }

    @Override
    public Future<?> start() {
        keeping = new Recurring(vertx, INTERVAL, this::keep);
        keeping.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return keeping.stop();
    }

    private Future<?> keep() {
        return partitions
                .make(WEEKS_AHEAD)
                .onSuccess(made -> tell("partitions of notifications made", made))
                .compose(made -> partitions.drop(retention))
                .onSuccess(dropped -> tell("notifications dropped", dropped))
                .compose(dropped -> notifications.forgetDevices(retention))
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("reason", error.getMessage())
                        .log("partitions of notifications could not be kept"));
    }

    private static void tell(String what, List<String> which) {
        if (!which.isEmpty()) {
            LOG.atInfo().addKeyValue("which", String.join(", ", which)).log(what);
        }
    }
}
