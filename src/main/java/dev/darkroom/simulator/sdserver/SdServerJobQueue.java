package dev.darkroom.simulator.sdserver;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Works on jobs one after the other, and deletes ended ones after their time to live. Used on one event loop. */
final class SdServerJobQueue {
    /** Limit of waiting and running jobs. */
    static final int MAX_PENDING = 64;

    private static final Duration TIME_TO_LIVE = Duration.ofMinutes(10);

    private final Vertx vertx;
    private final Map<String, SdServerSimulatorJob> jobs = new HashMap<>();
    private final List<SdServerSimulatorJob> waiting = new ArrayList<>();
    private final Set<String> expired = new HashSet<>();
    private boolean busy;

    SdServerJobQueue(Vertx vertx) {
        this.vertx = vertx;
    }

    boolean full() {
        return waiting.size() + (busy ? 1 : 0) >= MAX_PENDING;
    }

    void add(SdServerSimulatorJob job) {
        jobs.put(job.id(), job);
        waiting.add(job);
        startNext();
    }

    private void startNext() {
        if (busy || waiting.isEmpty()) {
            return;
        }
        busy = true;
        SdServerSimulatorJob job = waiting.remove(0);
        job.start();
        vertx.setTimer(
                Math.max(1, job.duration().toMillis()),
                elapsed -> job.finish().onComplete(ended -> {
                    busy = false;
                    expireLater(job);
                    startNext();
                }));
    }

    private void expireLater(SdServerSimulatorJob job) {
        vertx.setTimer(TIME_TO_LIVE.toMillis(), elapsed -> {
            jobs.remove(job.id());
            expired.add(job.id());
        });
    }

    /** Returns null for an unknown and for an expired job. */
    SdServerSimulatorJob find(String id) {
        return jobs.get(id);
    }

    /** Returns whether a job has ended and was deleted. */
    boolean expired(String id) {
        return expired.contains(id);
    }

    /** Returns the place among the waiting jobs, from 1; 0 for a job that does not wait. */
    int position(SdServerSimulatorJob job) {
        return waiting.indexOf(job) + 1;
    }

    /** Removes a waiting job. */
    void cancel(SdServerSimulatorJob job) {
        waiting.remove(job);
        job.cancel();
        expireLater(job);
    }
}
