package dev.darkroom.simulator.replicate;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.time.Instant;

/**
 * Handles {@code PUT /predictions/{id}} of a cog container. Logs every request with a complete body. A request that starts a
 * prediction takes one step of the script. The prediction ends with the response, or when the client closes the connection.
 */
record CogPredictionHandler(
        FaultScript faultScript,
        SimulatorRequestLog requestLog,
        Duration latency,
        SimulatorImageRenderer imageRenderer,
        CogContainer container)
        implements Handler<RoutingContext> {
    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(context.request())
                .onComplete(body -> handleSubmission(context, writer, body), writer::sendRequestError);
    }

    private void handleSubmission(RoutingContext context, SimulatorResponseWriter writer, Buffer encoded) {
        String id = context.pathParam("id");
        SimulatorRequestLog.LoggedSubmission entry =
                requestLog.add(id, context.request().headers().contains("Authorization"), encoded);
        JsonObject body;
        try {
            body = SimulatorBodyReader.parseObject(encoded);
        } catch (SimulatorRequestException e) {
            reject(writer, entry, 400, new JsonObject().put("detail", e.getMessage()));
            return;
        }
        if (!id.equals(body.getValue("id", id))) {
            String message = "prediction ID must match the ID supplied in the URL";
            reject(writer, entry, 422, createError(new JsonArray().add("body").add("id"), message));
            return;
        }
        CogContainer.Running running = container.find(id);
        if (running != null) {
            // The response to the first request has the result. This one only has the state, whatever the client
            // prefers.
            entry.setResponse("already running");
            writer.sendJson(202, createSnapshot(running));
            return;
        }
        PredictionInput input;
        try {
            input = PredictionInput.parse(body);
        } catch (SimulatorRequestException e) {
            JsonArray location = new JsonArray().add("body").add("input").add(e.param());
            reject(writer, entry, 422, createError(location, e.getMessage()));
            return;
        }
        if (container.busy()) {
            JsonObject error = new JsonObject()
                    .put("error", "At capacity - all prediction slots busy")
                    .put("status", "failed");
            reject(writer, entry, 409, error);
            return;
        }
        run(context, writer, entry, id, input);
    }

    private void run(
            RoutingContext context,
            SimulatorResponseWriter writer,
            SimulatorRequestLog.LoggedSubmission entry,
            String id,
            PredictionInput input) {
        ScriptStep step = faultScript.nextStep(context.request().headers());
        entry.setResponse(step.fault().description());
        CogContainer.Running prediction = new CogContainer.Running(id, input.source(), Instant.now(), writer);
        container.start(prediction);
        context.addEndHandler(ended -> container.end(prediction));
        CogSubmission submission = new CogSubmission(input, prediction, imageRenderer, entry);
        writer.respondAfter(
                step.delayOr(latency),
                entry::recordClientClose,
                () -> step.fault().apply(submission));
    }

    private static void reject(
            SimulatorResponseWriter writer, SimulatorRequestLog.LoggedSubmission entry, int status, JsonObject error) {
        entry.setResponse("status " + status);
        writer.sendJson(status, error);
    }

    private static JsonObject createSnapshot(CogContainer.Running running) {
        return new JsonObject()
                .put("id", running.id())
                .put("input", running.input())
                .put("logs", "")
                .put("metrics", new JsonObject())
                .put("status", "processing");
    }

    private static JsonObject createError(JsonArray location, String message) {
        JsonObject error = new JsonObject()
                .put("loc", location)
                .put("msg", message)
                .put("type", message.equals(PredictionInput.FIELD_REQUIRED) ? "value_error.missing" : "value_error");
        return new JsonObject().put("detail", new JsonArray().add(error));
    }
}
