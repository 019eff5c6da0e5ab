package dev.darkroom.simulator.http;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Jobs of a protocol. Used on one event loop.
 *
 * @param <J> a job
 */
public final class JobStore<J> {
    /** Maximum number of jobs. The oldest are removed first. */
    private static final int MAX_JOBS = 1000;

    private final Vertx vertx;
    private final Map<String, J> jobs = new LinkedHashMap<>();

    public JobStore(Vertx vertx) {
        this.vertx = vertx;
    }

    /**
     * Adds a job and runs it.
     *
     * @param duration time until its end
     * @param end sets its result, unless it has ended before
     */
    public void run(String id, J job, Duration duration, Consumer<J> end) {
        jobs.put(id, job);
        if (jobs.size() > MAX_JOBS) {
            jobs.remove(jobs.keySet().iterator().next());
        }
        vertx.setTimer(Math.max(1, duration.toMillis()), elapsed -> end.accept(job));
    }

    /** Returns the number of jobs with a property. */
    public long count(Predicate<J> property) {
        return jobs.values().stream().filter(property).count();
    }

    /** Returns a job; null when the id is unknown. */
    public J find(String id) {
        return jobs.get(id);
    }
}
