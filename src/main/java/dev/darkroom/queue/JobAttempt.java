package dev.darkroom.queue;

import io.vertx.core.Future;
import java.time.Duration;

/** What is done with one lease. Its methods are called on the event loop of whoever claimed it. */
public interface JobAttempt {

    /**
     * Does the work. Called once, and then {@link #release} is not.
     *
     * @return completes when everything is written; with how long to wait before looking for this work again, or null when there is
     *     nothing to wait for
     */
    Future<Duration> run();

    /** Ends a lease with which nothing was done. Completes like {@link #run}. */
    Future<Duration> release();

    /** The process stops, or its identity is lost: what is under way is broken off and its work goes back, if it still may. */
    void abort();

    /** The lease is somebody else's, or its row is gone: what is under way is broken off, and there is nothing to write. */
    void abandon();
}
