package dev.darkroom.notification;

import dev.darkroom.database.Hints;
import dev.darkroom.node.Recurring;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Wakes a {@link StreamHub}: by the hints of other processes, and now and then without one, for a hint may get lost. Where nobody
 * listens nothing is asked. One instance per process that serves streams.
 */
public final class HubVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(HubVerticle.class);

    private final StreamHub hub;
    private final Hints hints;
    private final Duration interval;
    private Recurring looking;

    /** @param interval how long what is new may go unnoticed when its hint gets lost */
    public HubVerticle(StreamHub hub, Hints hints, Duration interval) {
        this.hub = hub;
        this.hints = hints;
        this.interval = interval;
    }

    @Override
    public Future<?> start() {
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

    @Override
    public Future<?> stop() {
        return looking.stop();
    }
}
