package dev.darkroom.notification;

import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.node.Recurring;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Owns the {@link StreamHub} of a process, which runs on its context, and wakes it: by the hints of other processes, and now and then
 * without one, for a hint may get lost. Where nobody listens nothing is asked. One instance per process.
 */
public final class HubVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(HubVerticle.class);

    private final Database database;
    private final Hints hints;
    private final Duration interval;
    private Recurring looking;
    private volatile StreamHub hub;

    /** @param interval how long what is new may go unnoticed when its hint gets lost */
    public HubVerticle(Database database, Hints hints, Duration interval) {
        this.database = database;
        this.hints = hints;
        this.interval = interval;
    }

    @Override
    public Future<?> start() {
        hub = new StreamHub(vertx, database);
        hints.listen(NotificationBus.TOLD_HINT, hub::hinted);
        hints.listen(NotificationBus.STATE_HINT, hub::stateHinted);
        looking = new Recurring(
                vertx,
                interval,
                () -> hub.lookAtAll()
                        .onFailure(error -> LOG.atDebug()
                                .addKeyValue("reason", error.getMessage())
                                .log("could not look for what is new")));
        looking.start();
        return Future.succeededFuture();
    }

    /** Null before the start. */
    public StreamHub hub() {
        return hub;
    }

    @Override
    public Future<?> stop() {
        return looking.stop();
    }
}
