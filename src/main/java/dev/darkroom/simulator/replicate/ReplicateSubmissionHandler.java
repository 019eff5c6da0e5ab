package dev.darkroom.simulator.replicate;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ResponseFault;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * Handles {@code POST /v1/models/{owner}/{name}/predictions} and {@code POST /v1/predictions}. Logs every request with a complete
 * body. A valid one takes one step of the script. The delay of the step is the duration of the prediction, unless its fault concerns
 * the response to the submission.
 */
record ReplicateSubmissionHandler(
        FaultScript faultScript,
        SimulatorRequestLog requestLog,
        Duration latency,
        SimulatorImageRenderer imageRenderer,
        PredictionStore store)
        implements Handler<RoutingContext> {
    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(context.request())
                .onComplete(body -> handleSubmission(context, writer, body), writer::sendRequestError);
    }

    private void handleSubmission(RoutingContext context, SimulatorResponseWriter writer, Buffer encoded) {
        SimulatorRequestLog.LoggedSubmission entry =
                requestLog.add(null, context.request().headers().contains("Authorization"), encoded);
        PredictionInput input;
        JsonObject body;
        try {
            body = SimulatorBodyReader.parseObject(encoded);
            input = PredictionInput.parse(body);
        } catch (SimulatorRequestException e) {
            entry.setResponse("status 422");
            writer.sendJson(422, createError(e));
            return;
        }
        ScriptStep step = faultScript.nextStep();
        entry.setResponse(step.fault().description());
        boolean submissionFails = step.fault() instanceof ResponseFault;
        ReplicateSubmission submission = new ReplicateSubmission(
                input,
                () -> createPrediction(context, body, input),
                submissionFails ? latency : step.delayOr(latency),
                store,
                writer,
                imageRenderer,
                entry);
        writer.respondAfter(
                submissionFails ? step.delayOr(Duration.ZERO) : Duration.ZERO,
                entry::recordClientClose,
                () -> step.fault().apply(submission));
    }

    private static StoredPrediction createPrediction(RoutingContext context, JsonObject body, PredictionInput input) {
        String owner = context.pathParam("owner");
        String version = body.getString("version", "hidden");
        int colon = version.indexOf(':');
        String model = owner != null
                ? owner + "/" + context.pathParam("name")
                : colon < 0 ? "simulator/simulator" : version.substring(0, colon);
        return new StoredPrediction(input.source(), model, version.substring(colon + 1));
    }

    /** Returns an error with the fields of Replicate. */
    private static JsonObject createError(SimulatorRequestException e) {
        return new JsonObject()
                .put("title", "Input validation failed")
                .put("detail", "- input" + (e.param() == null ? "" : "." + e.param()) + ": " + e.getMessage() + "\n")
                .put("status", 422);
    }
}
