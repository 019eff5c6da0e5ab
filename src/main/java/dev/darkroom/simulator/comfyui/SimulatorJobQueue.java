package dev.darkroom.simulator.comfyui;

import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Executes jobs one after the other, each for its duration, and keeps the last ended ones. Two jobs may have the same id, as in
 * ComfyUI: both are executed, and the second replaces the first. Used on one event loop.
 */
final class SimulatorJobQueue {
    private static final int MAX_ENDED_JOBS = 1000;
    private static final int STEPS = 4;

    private final Vertx vertx;
    private final SimulatorProgressSockets sockets;
    private final Deque<SimulatorJob> pending = new ArrayDeque<>();
    private final Map<String, SimulatorJob> ended = new LinkedHashMap<>();
    private SimulatorJob running;
    private int submissions;
    private long timer;

    SimulatorJobQueue(Vertx vertx, SimulatorProgressSockets sockets) {
        this.vertx = vertx;
        this.sockets = sockets;
    }

    /** Returns the number of the next submission. */
    int nextNumber() {
        return submissions++;
    }

    void add(SimulatorJob job) {
        pending.add(job);
        announceLength();
        startNext();
    }

    /** Returns the number of jobs that wait or run. */
    int length() {
        return pending.size() + (running == null ? 0 : 1);
    }

    /** Returns null for an unknown id. */
    SimulatorJob find(String id) {
        return Stream.concat(Stream.ofNullable(running), pending.stream())
                .filter(job -> job.id().equals(id))
                .findFirst()
                .orElse(ended.get(id));
    }

    /** Returns null for the id of a job that has not ended. */
    SimulatorJob findEnded(String id) {
        return ended.get(id);
    }

    /** Removes a waiting job or interrupts it when it runs. Returns false for any other id. */
    boolean cancel(String id) {
        return delete(id) || interrupt(id);
    }

    /** Removes a waiting job, which leaves no trace. Returns false for any other id. */
    boolean delete(String id) {
        boolean deleted = pending.removeIf(job -> job.id().equals(id));
        if (deleted) {
            announceLength();
        }
        return deleted;
    }

    /** Interrupts the running job when it has this id, or any running job when the id is null. */
    boolean interrupt(String id) {
        if (running == null || (id != null && !running.id().equals(id))) {
            return false;
        }
        vertx.cancelTimer(timer);
        end(running.interrupt());
        return true;
    }

    /** Returns the body of {@code GET /queue}. */
    JsonObject toJson() {
        return new JsonObject()
                .put("queue_running", toEntries(Stream.ofNullable(running)))
                .put("queue_pending", toEntries(pending.stream()));
    }

    private static JsonArray toEntries(Stream<SimulatorJob> jobs) {
        return new JsonArray(jobs.map(SimulatorJob::toQueueEntry).toList());
    }

    private void startNext() {
        if (running == null && !pending.isEmpty()) {
            running = pending.remove();
            running.start().forEach(event -> sockets.send(running, event.getString(0), event.getJsonObject(1)));
            sockets.send(
                    running,
                    "executing",
                    new JsonObject().put("node", running.workingNode()).put("display_node", running.workingNode()));
            scheduleStep(1);
        }
    }

    private void scheduleStep(int step) {
        long delay = Math.max(1, running.duration().toMillis() / STEPS);
        timer = vertx.setTimer(delay, fired -> {
            sendProgress(step);
            if (step < STEPS) {
                scheduleStep(step + 1);
            } else {
                end(running.finish());
            }
        });
    }

    private void sendProgress(int step) {
        String node = running.workingNode();
        JsonObject state = new JsonObject()
                .put("value", step)
                .put("max", STEPS)
                .put("state", step < STEPS ? "running" : "finished")
                .put("node_id", node)
                .put("prompt_id", running.id())
                .put("display_node_id", node)
                .putNull("parent_node_id")
                .put("real_node_id", node);
        sockets.send(running, "progress_state", new JsonObject().put("nodes", new JsonObject().put(node, state)));
        sockets.send(
                running,
                "progress",
                new JsonObject().put("value", step).put("max", STEPS).put("node", node));
    }

    private void end(JsonArray event) {
        SimulatorJob job = running;
        running = null;
        ended.remove(job.id());
        ended.put(job.id(), job);
        Iterator<String> oldest = ended.keySet().iterator();
        if (ended.size() > MAX_ENDED_JOBS) {
            oldest.next();
            oldest.remove();
        }
        job.outputs()
                .forEach(node -> sockets.send(
                        job,
                        "executed",
                        new JsonObject()
                                .put("node", node.getKey())
                                .put("display_node", node.getKey())
                                .put("output", node.getValue())));
        sockets.send(job, event.getString(0), event.getJsonObject(1));
        announceLength();
        sockets.send(job, "executing", new JsonObject().putNull("node"));
        startNext();
    }

    private void announceLength() {
        sockets.sendToAll(createStatus());
    }

    /** Returns the data of a {@code status} event. */
    JsonObject createStatus() {
        return new JsonObject()
                .put("status", new JsonObject().put("exec_info", new JsonObject().put("queue_remaining", length())));
    }
}
