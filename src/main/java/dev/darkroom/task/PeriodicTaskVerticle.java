package dev.darkroom.task;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Runs periodic tasks on its event loop, each as a {@link PeriodicTask}. One instance per process. */
public final class PeriodicTaskVerticle extends VerticleBase {
    private final List<Task> tasks;
    private List<PeriodicTask> started = List.of();
    private boolean stopped;

    /**
     * A task of this verticle.
     *
     * @param interval maximum time from the end of one run to the start of the next
     * @param run one run; logs its failures itself and never blocks. Its argument returns whether the verticle stops, which a long run
     *     checks to end early
     */
    public record Task(Duration interval, Function<BooleanSupplier, Future<?>> run) {}

    public PeriodicTaskVerticle(List<Task> tasks) {
        this.tasks = List.copyOf(tasks);
    }

    /** Starts the first run of each task immediately. */
    @Override
    public Future<?> start() {
        started = tasks.stream()
                .map(task -> new PeriodicTask(
                        vertx, task.interval(), () -> task.run().apply(() -> stopped)))
                .toList();
        started.forEach(PeriodicTask::start);
        return Future.succeededFuture();
    }

    /** Completes after the current runs. */
    @Override
    public Future<?> stop() {
        stopped = true;
        return Future.join(started.stream().map(PeriodicTask::stop).toList());
    }
}
