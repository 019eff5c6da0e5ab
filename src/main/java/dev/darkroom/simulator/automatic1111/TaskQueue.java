package dev.darkroom.simulator.automatic1111;

import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Runs one task at a time, in the order of arrival; the others wait. As on the original server, a task also runs when its client has
 * closed the connection. Used on one event loop.
 */
final class TaskQueue {
    private static final int MAX_FINISHED = 16;

    private final Vertx vertx;
    private final Deque<Task> waiting = new ArrayDeque<>();
    private final Deque<String> finished = new ArrayDeque<>();
    private Task running;

    TaskQueue(Vertx vertx) {
        this.vertx = vertx;
    }

    /** One generation. */
    private static final class Task {
        private final String id;
        private final Duration duration;
        private final Runnable respond;
        private long startedAt;
        private long timer;
        private boolean responded;
        private boolean disposed;

        Task(String id, Duration duration, Runnable respond) {
            this.id = id;
            this.duration = duration;
            this.respond = respond;
        }

        double progress() {
            double elapsed = System.nanoTime() - startedAt;
            return Math.min(1, elapsed / Math.max(1, duration.toNanos()));
        }
    }

    /**
     * Adds a task and starts it when no other one is running.
     *
     * @param respond sends the response, after the duration of the task
     * @return to be run once the response has ended or its connection was closed. The next task starts after both.
     */
    Runnable add(String id, Duration duration, Runnable respond) {
        Task task = new Task(id, duration, respond);
        waiting.addLast(task);
        startNext();
        return () -> {
            task.disposed = true;
            finish(task);
        };
    }

    private void startNext() {
        if (running == null && !waiting.isEmpty()) {
            Task task = waiting.removeFirst();
            running = task;
            task.startedAt = System.nanoTime();
            task.timer = vertx.setTimer(Math.max(1, task.duration.toMillis()), fired -> respond(task));
        }
    }

    private void respond(Task task) {
        task.responded = true;
        task.respond.run();
        finish(task);
    }

    private void finish(Task task) {
        if (task == running && task.responded && task.disposed) {
            running = null;
            finished.addLast(task.id);
            if (finished.size() > MAX_FINISHED) {
                finished.removeFirst();
            }
            startNext();
        }
    }

    /** Ends the generation of the running task, which responds with its images. Does nothing when none is running. */
    void interrupt() {
        if (running != null && !running.responded && vertx.cancelTimer(running.timer)) {
            respond(running);
        }
    }

    /** Returns the status of a task by its id, in the form of {@code POST /internal/progress}. */
    JsonObject status(String id) {
        boolean active = running != null && running.id.equals(id);
        List<String> waitingIds =
                new ArrayList<>(waiting.stream().map(task -> task.id).toList());
        int position = waitingIds.indexOf(id) + 1;
        String textinfo =
                active ? null : position > 0 ? "In queue: " + position + "/" + waitingIds.size() : "Waiting...";
        return new JsonObject()
                .put("active", active)
                .put("queued", position > 0)
                .put("completed", finished.contains(id))
                .put("progress", active ? running.progress() : null)
                .put("eta", null)
                .put("live_preview", null)
                .put("id_live_preview", -1)
                .put("textinfo", textinfo);
    }

    /** Returns the progress of the running task, in the form of {@code GET /sdapi/v1/progress}. */
    JsonObject progress() {
        boolean active = running != null;
        JsonObject state = new JsonObject()
                .put("skipped", false)
                .put("interrupted", false)
                .put("stopping_generation", false)
                .put("job", active ? "scripts_txt2img" : "")
                .put("job_count", active ? 1 : 0)
                .put("job_timestamp", "0")
                .put("job_no", 0)
                .put("sampling_step", 0)
                .put("sampling_steps", 20);
        return new JsonObject()
                .put("progress", active ? running.progress() : 0)
                .put("eta_relative", 0)
                .put("state", state)
                .put("current_image", null)
                .put("textinfo", null);
    }
}
