package dev.darkroom.notification.stream;

import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the {@link NotificationHub} of a process, which runs on the context of this verticle. Forwards NOTIFY messages of other processes
 * to the hub and polls periodically, because a NOTIFY message may get lost. Does not query the database without subscribers. One instance
 * per process.
 */
public final class NotificationHubVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(NotificationHubVerticle.class);

    private final Database database;
    private final NotifyChannel notifyChannel;
    private final Duration interval;
    private final NotificationStreamMetrics metrics;
    private PeriodicTask pollTask;
    private volatile NotificationHub hub;

    /** @param interval poll interval; maximum delay of a notification whose NOTIFY message was lost */
    public NotificationHubVerticle(
            Database database, NotifyChannel notifyChannel, Duration interval, NotificationStreamMetrics metrics) {
        this.database = database;
        this.notifyChannel = notifyChannel;
        this.interval = interval;
        this.metrics = metrics;
    }

    @Override
    public Future<?> start() {
        hub = new NotificationHub(vertx, database, metrics);
        NotificationBus.RECORDED.subscribe(vertx, notifyChannel, hub::onRemoteRecorded);
        NotificationBus.READ_STATE.subscribe(vertx, notifyChannel, hub::onReadStateChanged);
        pollTask = new PeriodicTask(
                vertx,
                interval,
                () -> hub.refreshAll()
                        .onFailure(error -> LOG.atDebug()
                                .addKeyValue("reason", error.getMessage())
                                .log("notification poll failed")));
        pollTask.start();
        return Future.succeededFuture();
    }

    /** Returns the hub; null before the verticle was started. */
    public NotificationHub hub() {
        return hub;
    }

    @Override
    public Future<?> stop() {
        return pollTask.stop();
    }
}
