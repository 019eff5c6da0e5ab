package dev.darkroom.simulator;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles {@code POST /v1/images/generations}. Logs every request with a complete body. A valid request takes one step of the script.
 * An invalid one gets 400 immediately and takes none.
 */
final class SimulatorImagesHandler implements Handler<RoutingContext> {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatorImagesHandler.class);

    private final FaultScript faultScript;
    private final SimulatorRequestLog requestLog;
    private final LatencyScheduler latencyScheduler;
    private final SimulatorImageRenderer imageRenderer;

    SimulatorImagesHandler(
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            LatencyScheduler latencyScheduler,
            SimulatorImageRenderer imageRenderer) {
        this.faultScript = faultScript;
        this.requestLog = requestLog;
        this.latencyScheduler = latencyScheduler;
        this.imageRenderer = imageRenderer;
    }

    @Override
    public void handle(RoutingContext context) {
        HttpServerRequest request = context.request();
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(request)
                .onComplete(body -> handleSubmission(request, writer, body), cause -> sendError(writer, cause));
    }

    private void handleSubmission(HttpServerRequest request, SimulatorResponseWriter writer, Buffer body) {
        SimulatorRequestLog.LoggedSubmission entry = requestLog.add(
                request.getHeader("Idempotency-Key"), request.headers().contains("Authorization"), body);
        SimulatorImageRequest imageRequest;
        try {
            imageRequest = SimulatorImageRequest.parse(SimulatorBodyReader.parseObject(body));
        } catch (SimulatorRequestException e) {
            entry.setResponse("status " + e.status());
            sendError(writer, e);
            return;
        }
        ScriptStep step = faultScript.nextStep();
        entry.setResponse(step.fault().describe());
        LOG.atDebug().addKeyValue("response", step.fault().describe()).log("submission received");
        SimulatorSubmission submission = new SimulatorSubmission(imageRequest, writer, imageRenderer, entry);
        latencyScheduler.schedule(
                step, writer, entry::recordClientClose, () -> step.fault().apply(submission));
    }

    private static void sendError(SimulatorResponseWriter writer, Throwable cause) {
        // Any other failure means that the client closed the connection before its body was complete.
        if (cause instanceof SimulatorRequestException e) {
            writer.sendJson(
                    e.status(), SimulatorErrorBody.create(e.getMessage(), "invalid_request_error", e.param(), null));
        }
    }
}
