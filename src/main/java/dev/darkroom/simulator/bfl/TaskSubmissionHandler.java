package dev.darkroom.simulator.bfl;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ResponseFault;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Handler;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * Handles {@code POST /v1/{model}}. Logs every request with a complete body. A valid one takes one step of the script. The delay of the
 * step is the duration of the task, unless its fault concerns the response to the submission.
 */
record TaskSubmissionHandler(
        FaultScript faultScript,
        SimulatorRequestLog requestLog,
        Duration latency,
        SimulatorImageRenderer imageRenderer,
        TaskStore store)
        implements Handler<RoutingContext> {
    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        MultiMap headers = context.request().headers();
        SimulatorBodyReader.read(context.request())
                .onComplete(
                        body -> handleSubmission(
                                requestLog.add(null, headers.contains("x-key"), body), headers, writer, body),
                        writer::sendRequestError);
    }

    private void handleSubmission(
            SimulatorRequestLog.LoggedSubmission entry, MultiMap headers, SimulatorResponseWriter writer, Buffer body) {
        TaskRequest request;
        try {
            request = TaskRequest.parse(SimulatorBodyReader.parseObject(body));
        } catch (SimulatorRequestException e) {
            entry.setResponse("status 422");
            writer.sendJson(422, createError(e));
            return;
        }
        if (store.full()) {
            entry.setResponse("status 429");
            writer.sendJson(
                    429,
                    new JsonObject()
                            .put("error", "rate_limit_exceeded")
                            .put("message", "Too many concurrent requests")
                            .put("retry_after", 5));
            return;
        }
        ScriptStep step = faultScript.nextStep(headers);
        entry.setResponse(step.fault().description());
        boolean submissionFails = step.fault() instanceof ResponseFault;
        TaskSubmission submission = new TaskSubmission(
                request, submissionFails ? latency : step.delayOr(latency), store, writer, imageRenderer, entry);
        writer.respondAfter(
                submissionFails ? step.delayOr(Duration.ZERO) : Duration.ZERO,
                entry::recordClientClose,
                () -> step.fault().apply(submission));
    }

    /** Returns an error of FastAPI. */
    private static JsonObject createError(SimulatorRequestException e) {
        JsonArray location = new JsonArray().add("body");
        if (e.param() != null) {
            location.add(e.param());
        }
        JsonObject detail =
                new JsonObject().put("type", "value_error").put("loc", location).put("msg", e.getMessage());
        return new JsonObject().put("detail", new JsonArray().add(detail));
    }
}
