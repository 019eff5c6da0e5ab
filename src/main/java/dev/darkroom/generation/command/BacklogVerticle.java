package dev.darkroom.generation.command;

import dev.darkroom.generation.BacklogEstimator;
import dev.darkroom.generation.store.SubmissionStore;
import dev.darkroom.node.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps a {@link BacklogEstimator} up to date by one statement now and then. One instance per process that answers commands. */
public final class BacklogVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(BacklogVerticle.class);

    private final BacklogEstimator backlogEstimator;
    private final SubmissionStore submissions;
    private final Duration interval;
    private PeriodicTask measureTask;

    /** @param interval how old the figures may be */
    public BacklogVerticle(BacklogEstimator backlogEstimator, SubmissionStore submissions, Duration interval) {
        this.backlogEstimator = backlogEstimator;
        this.submissions = submissions;
        this.interval = interval;
    }

    @Override
    public Future<?> start() {
        measureTask = new PeriodicTask(
                vertx,
                interval,
                () -> submissions
                        .measureBacklog(backlogEstimator)
                        .onFailure(error -> LOG.atDebug()
                                .addKeyValue("reason", error.getMessage())
                                .log("the backlog could not be measured")));
        measureTask.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return measureTask.stop();
    }
}
