package dev.darkroom.simulator.comfyui;

import dev.darkroom.simulator.fault.ImageResponses;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * A valid {@code POST /prompt} with its possible responses. Creating the body of a response accepts the job; a fault of the images
 * shows in the result of the job. Used on one event loop.
 *
 * @param request body of the request
 * @param duration of the job
 */
record SimulatorPromptSubmission(
        JsonObject request,
        SimulatorWorkflow workflow,
        Duration duration,
        SimulatorResponseWriter writer,
        SimulatorJobQueue jobs,
        SimulatorOutputFiles files,
        SimulatorRequestLog.LoggedSubmission logEntry)
        implements ImageResponses {

    @Override
    public int requestedCount() {
        return workflow.count();
    }

    @Override
    public SimulatorResponse images(int count) {
        return accept(createResult(count, true, List.of()));
    }

    @Override
    public SimulatorResponse invalidImages() {
        return accept(createResult(workflow.count(), false, List.of()));
    }

    /** Returns a job with files that do not exist, since results have no URLs. */
    @Override
    public SimulatorResponse fixedUrl(String url) {
        JsonObject image =
                new JsonObject().put("filename", url).put("subfolder", "").put("type", "output");
        return accept(createResult(workflow.count(), (node, position) -> image));
    }

    @Override
    public SimulatorResponse imageUrls(List<ScriptStep> downloadFaults) {
        return accept(createResult(workflow.count(), true, downloadFaults));
    }

    /** Returns a job that fails: nodes that call other AI servers raise their refusals. */
    @Override
    public SimulatorResponse moderation() {
        return failedJob("Exception: API Error: content_policy_violation");
    }

    /** Returns a job that fails, as {@link #moderation}. */
    @Override
    public SimulatorResponse quota() {
        return failedJob("Exception: API Error: insufficient_quota");
    }

    @Override
    public SimulatorResponse failedJob(String error) {
        int colon = error.indexOf(": ");
        JsonObject executionError = new JsonObject()
                .put("exception_message", colon < 0 ? "" : error.substring(colon + 2))
                .put("exception_type", colon < 0 ? error : error.substring(0, colon))
                .put("traceback", new JsonArray().add("  File \"/srv/comfyui/execution.py\", line 1, in execute\n"))
                .put("current_inputs", new JsonObject())
                .put("current_outputs", new JsonArray());
        return accept(new SimulatorJob.Result() {
            @Override
            public JsonObject createOutputs() {
                return new JsonObject();
            }

            @Override
            public JsonObject error() {
                return executionError.copy();
            }
        });
    }

    private interface ImageFactory {
        JsonObject create(String node, int position);
    }

    private SimulatorJob.Result createResult(int count, boolean valid, List<ScriptStep> downloadFaults) {
        return createResult(
                count,
                (node, position) -> files.add(
                        workflow.prefixOf(node),
                        workflow.typeOf(node).equals("PreviewImage") ? "temp" : "output",
                        workflow,
                        position,
                        valid,
                        downloadFaults,
                        logEntry));
    }

    private SimulatorJob.Result createResult(int count, ImageFactory images) {
        return new SimulatorJob.Result() {
            @Override
            public JsonObject createOutputs() {
                JsonObject outputs = new JsonObject();
                workflow.outputNodes().stream()
                        .filter(node -> count > 0)
                        .forEach(node -> outputs.put(
                                node,
                                new JsonObject()
                                        .put("images", createImages(position -> images.create(node, position)))));
                return outputs;
            }

            private JsonArray createImages(IntFunction<JsonObject> image) {
                return new JsonArray(IntStream.range(0, count).mapToObj(image).toList());
            }

            @Override
            public JsonObject error() {
                return null;
            }
        };
    }

    private SimulatorResponse accept(SimulatorJob.Result result) {
        return SimulatorResponse.json(200, () -> {
            String id = request.getString("prompt_id", UUID.randomUUID().toString());
            int number = jobs.nextNumber();
            jobs.add(new SimulatorJob(id, number, workflow, request.getString("client_id"), duration, result));
            return Future.succeededFuture(
                    new JsonObject().put("prompt_id", id).put("number", number).put("node_errors", new JsonObject()));
        });
    }
}
