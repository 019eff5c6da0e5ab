package dev.darkroom.generation;

import dev.darkroom.node.Recurring;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a {@link Backlog} up to date by one statement now and then. One instance per process that answers commands. */
public final class BacklogVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(BacklogVerticle.class);

    private final Backlog backlog;
    private final SubmissionStore submissions;
    private final Duration interval;
    private Recurring asking;

    /** @param interval how old the figures may be */
    public BacklogVerticle(Backlog backlog, SubmissionStore submissions, Duration interval) {
        this.backlog = backlog;
        this.submissions = submissions;
        this.interval = interval;
    }

    @Override
    public Future<?> start() {
        asking = new Recurring(
                vertx,
                interval,
                () -> submissions
                        .measure(backlog)
                        .onFailure(error -> LOG.atDebug()
                                .addKeyValue("reason", error.getMessage())
                                .log("the backlog could not be measured")));
        asking.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return asking.stop();
    }
}
