package dev.darkroom.generation.command;

import dev.darkroom.generation.BacklogEstimator;
import dev.darkroom.generation.store.SubmissionStore;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Updates a {@link BacklogEstimator} by a periodic statement. One instance per process with command verticles. */
public final class BacklogVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(BacklogVerticle.class);

    private final BacklogEstimator backlogEstimator;
    private final SubmissionStore submissions;
    private final Duration interval;
    private PeriodicTask measureTask;

    /** @param interval maximum age of the measurement */
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
                                .log("backlog measurement failed")));
        measureTask.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return measureTask.stop();
    }
}
