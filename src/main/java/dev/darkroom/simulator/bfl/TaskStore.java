package dev.darkroom.simulator.bfl;

import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/** The tasks of an account. Used on one event loop. */
final class TaskStore {
    /** Maximum number of active tasks, from the documentation of the vendor. */
    static final int MAX_ACTIVE = 24;

    /** Maximum number of tasks. The oldest are removed first. */
    private static final int MAX_TASKS = 1000;

    private final Vertx vertx;
    private final Map<String, SimulatorTask> tasks = new LinkedHashMap<>();

    TaskStore(Vertx vertx) {
        this.vertx = vertx;
    }

    /** Returns whether the account has its maximum number of active tasks. */
    boolean full() {
        return tasks.values().stream().filter(task -> !task.ended()).count() >= MAX_ACTIVE;
    }

    /**
     * Adds a task and runs it.
     *
     * @param duration time until its end
     * @param end sets its result
     */
    SimulatorTask run(Duration duration, Consumer<SimulatorTask> end) {
        SimulatorTask task = new SimulatorTask();
        tasks.put(task.id(), task);
        if (tasks.size() > MAX_TASKS) {
            tasks.remove(tasks.keySet().iterator().next());
        }
        vertx.setTimer(Math.max(1, duration.toMillis()), elapsed -> end.accept(task));
        return task;
    }

    /** Returns a task; null when the id is unknown. */
    SimulatorTask find(String id) {
        return tasks.get(id);
    }
}
