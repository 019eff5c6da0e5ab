package dev.darkroom.queue;

import io.vertx.core.Future;
import java.time.Duration;

/** One attempt of a claimed job. The {@link ClaimLoop} calls the methods on its event loop. */
public interface JobAttempt {

    /**
     * Runs the attempt. Called at most once, and never together with {@link #release}.
     *
     * @return completes when the outcome is recorded; with the delay after which the job is due again, null when it is not
     */
    Future<Duration> run();

    /** Releases the lease without an attempt. Completes like {@link #run}. */
    Future<Duration> release();

    /** Aborts the attempt because the process stops or lost its identity. The job is requeued if the lease is still valid. */
    void abort();

    /** Aborts the attempt because the lease was lost or its row deleted. Nothing is recorded. */
    void abandon();
}
