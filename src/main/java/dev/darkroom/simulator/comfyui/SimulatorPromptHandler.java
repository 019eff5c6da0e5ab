package dev.darkroom.simulator.comfyui;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ResponseFault;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorInputImage;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Handles {@code POST /prompt}. Logs every request with a complete body. A valid request takes one step of the script. Its
 * {@code delay} is the duration of the job, or the time until the response when the step replaces the response.
 */
record SimulatorPromptHandler(
        FaultScript faultScript,
        SimulatorRequestLog requestLog,
        Duration latency,
        SimulatorNodeTypes nodeTypes,
        SimulatorJobQueue jobs,
        SimulatorInputFiles inputFiles,
        SimulatorOutputFiles files)
        implements Handler<RoutingContext> {
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    private static final Buffer SERVER_ERROR =
            Buffer.buffer("500 Internal Server Error\n\nServer got itself in trouble");

    @Override
    public void handle(RoutingContext context) {
        HttpServerRequest request = context.request();
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(request)
                .onComplete(body -> handleSubmission(request, writer, body), writer::sendRequestError);
    }

    private void handleSubmission(HttpServerRequest request, SimulatorResponseWriter writer, Buffer encoded) {
        JsonObject body;
        try {
            body = SimulatorBodyReader.parseObject(encoded);
        } catch (SimulatorRequestException e) {
            requestLog.add(null, false, encoded).setResponse("status 500");
            writer.send(500, "text/plain; charset=utf-8", SERVER_ERROR);
            return;
        }
        SimulatorRequestLog.LoggedSubmission entry = requestLog.add(
                body.getValue("prompt_id") instanceof String id ? id : null,
                request.headers().contains("Authorization"),
                encoded);
        JsonObject error = findError(body);
        if (error != null) {
            entry.setResponse("status 400");
            // ComfyUI numbers rejected prompts too.
            jobs.nextNumber();
            writer.sendJson(400, error);
            return;
        }
        ScriptStep step = faultScript.nextStep(request.headers());
        entry.setResponse(step.fault().description());
        boolean replacesResponse = step.fault() instanceof ResponseFault;
        JsonObject nodes = body.getJsonObject("prompt");
        List<SimulatorInputImage> inputImages = inputFiles.findLoaded(nodes);
        entry.setInputImages(inputImages);
        SimulatorPromptSubmission submission = new SimulatorPromptSubmission(
                body,
                new SimulatorWorkflow(nodes, nodeTypes.findOutputNodes(nodes), inputImages),
                replacesResponse ? latency : step.delayOr(latency),
                writer,
                jobs,
                files,
                entry);
        writer.respondAfter(
                replacesResponse ? step.delayOr(Duration.ZERO) : Duration.ZERO,
                entry::recordClientClose,
                () -> step.fault().apply(submission));
    }

    private JsonObject findError(JsonObject body) {
        Object id = body.getValue("prompt_id");
        if (id != null && !(id instanceof String text && ID.matcher(text).matches())) {
            return SimulatorNodeTypes.createError(
                    "invalid_prompt_id",
                    "prompt_id must be a valid UUID",
                    "prompt_id must be a UUID string in canonical lowercase hyphenated form; omit it to let the server generate one",
                    new JsonObject(),
                    new JsonObject());
        }
        if (!(body.getValue("prompt") instanceof JsonObject nodes)) {
            return SimulatorNodeTypes.createError(
                    "no_prompt", "No prompt provided", "No prompt provided", new JsonObject(), new JsonObject());
        }
        JsonObject error = nodeTypes.findError(nodes);
        return error == null ? inputFiles.findError(nodes, nodeTypes.findOutputNodes(nodes)) : error;
    }
}
