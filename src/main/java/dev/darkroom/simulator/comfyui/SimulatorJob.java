package dev.darkroom.simulator.comfyui;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;

/** A job and its state. Used on one event loop. */
final class SimulatorJob {
    /** Name of each state in {@code /api/jobs}. */
    enum State {
        PENDING("pending"),
        IN_PROGRESS("in_progress"),
        COMPLETED("completed"),
        FAILED("failed"),
        CANCELLED("cancelled");

        private final String text;

        State(String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    /** What happens when the job is executed. */
    interface Result {
        /** Returns the body of {@code outputs} by node id. */
        JsonObject createOutputs();

        /** Returns the exception that fails the job, with type and message; null for success. */
        JsonObject error();
    }

    private final String id;
    private final int number;
    private final SimulatorWorkflow workflow;
    private final JsonObject extraData;
    private final Duration duration;
    private final Result result;
    private final JsonArray messages = new JsonArray();
    private State state = State.PENDING;
    private JsonObject outputs = new JsonObject();
    private JsonObject executionError;
    private long startTime;
    private long endTime;

    /**
     * @param number position in the order of execution
     * @param clientId WebSocket that receives the events; null for none
     * @param duration of the execution
     */
    SimulatorJob(String id, int number, SimulatorWorkflow workflow, String clientId, Duration duration, Result result) {
        this.id = id;
        this.number = number;
        this.workflow = workflow;
        this.duration = duration;
        this.result = result;
        this.extraData = new JsonObject();
        if (clientId != null) {
            extraData.put("client_id", clientId);
        }
        extraData.put("create_time", System.currentTimeMillis());
    }

    String id() {
        return id;
    }

    SimulatorWorkflow workflow() {
        return workflow;
    }

    Duration duration() {
        return duration;
    }

    /** Returns null when no WebSocket receives the events. */
    String clientId() {
        return extraData.getString("client_id");
    }

    JsonObject outputs() {
        return outputs;
    }

    /** Returns the first node, which the simulator reports as the one that works. */
    String workingNode() {
        return workflow.nodes().fieldNames().iterator().next();
    }

    /** Starts the execution. Returns the type and the data of each event. */
    List<JsonArray> start() {
        state = State.IN_PROGRESS;
        startTime = System.currentTimeMillis();
        return List.of(
                addMessage("execution_start", new JsonObject()),
                addMessage("execution_cached", new JsonObject().put("nodes", new JsonArray())));
    }

    /** Ends the execution with the result. Returns the type and the data of the event. */
    JsonArray finish() {
        JsonObject error = result.error();
        if (error == null) {
            outputs = result.createOutputs();
            return end(State.COMPLETED, "execution_success", new JsonObject());
        }
        JsonArray message = end(State.FAILED, "execution_error", describeNode().mergeIn(error));
        executionError = message.getJsonObject(1);
        return message;
    }

    /** Ends the execution without a result. Returns the type and the data of the event. */
    JsonArray interrupt() {
        return end(State.CANCELLED, "execution_interrupted", describeNode());
    }

    private JsonObject describeNode() {
        return new JsonObject()
                .put("node_id", workingNode())
                .put("node_type", workflow.typeOf(workingNode()))
                .put("executed", new JsonArray());
    }

    private JsonArray end(State last, String type, JsonObject data) {
        state = last;
        endTime = System.currentTimeMillis();
        return addMessage(type, data);
    }

    private JsonArray addMessage(String type, JsonObject data) {
        data.put("prompt_id", id).put("timestamp", System.currentTimeMillis());
        JsonArray message = new JsonArray().add(type).add(data);
        messages.add(message);
        return message;
    }

    /** Returns the body of {@code GET /api/jobs/{id}}. */
    JsonObject toJson() {
        JsonObject json = new JsonObject()
                .put("id", id)
                .put("status", state.text())
                .put("priority", number)
                .put("create_time", extraData.getLong("create_time"));
        if (state == State.PENDING || state == State.IN_PROGRESS) {
            return json.put("outputs_count", 0).put("previewable_outputs_count", 0);
        }
        json.put("execution_start_time", startTime).put("execution_end_time", endTime);
        if (executionError != null) {
            json.put("execution_error", executionError);
        }
        JsonObject preview = findPreview();
        int count = countImages();
        json.put("outputs_count", count).put("previewable_outputs_count", count);
        if (preview != null) {
            json.put("preview_output", preview);
        }
        return json.put("outputs", outputs)
                .put("execution_status", createStatus())
                .put(
                        "workflow",
                        new JsonObject().put("prompt", workflow.nodes()).put("extra_data", extraData));
    }

    private int countImages() {
        return outputs.stream()
                .mapToInt(node ->
                        ((JsonObject) node.getValue()).getJsonArray("images").size())
                .sum();
    }

    private JsonObject findPreview() {
        for (String node : outputs.fieldNames()) {
            JsonArray images = outputs.getJsonObject(node).getJsonArray("images");
            if (!images.isEmpty()) {
                return images.getJsonObject(0).copy().put("nodeId", node).put("mediaType", "images");
            }
        }
        return null;
    }

    private JsonObject createStatus() {
        return new JsonObject()
                .put("status_str", state == State.COMPLETED ? "success" : "error")
                .put("completed", state == State.COMPLETED)
                .put("messages", messages);
    }

    /** Returns the entry of the job in {@code GET /queue} and in its history. */
    JsonArray toQueueEntry() {
        return new JsonArray()
                .add(number)
                .add(id)
                .add(workflow.nodes())
                .add(extraData)
                .add(new JsonArray(workflow.outputNodes()));
    }

    /** Returns the entry of an ended job in {@code GET /history/{id}}. */
    JsonObject toHistoryEntry() {
        JsonObject meta = new JsonObject();
        outputs.fieldNames()
                .forEach(node -> meta.put(
                        node,
                        new JsonObject()
                                .put("node_id", node)
                                .put("display_node", node)
                                .putNull("parent_node")
                                .put("real_node_id", node)));
        return new JsonObject()
                .put("prompt", toQueueEntry())
                .put("outputs", outputs)
                .put("status", createStatus())
                .put("meta", meta);
    }
}
