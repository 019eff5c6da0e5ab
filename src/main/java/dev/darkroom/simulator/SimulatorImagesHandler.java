package dev.darkroom.simulator;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /v1/images/generations}. Every request whose body arrived is logged; a valid one is a submission and uses up one
 * step of the script. A bad one gets its 400 at once and uses up none.
 */
final class SimulatorImagesHandler implements Handler<RoutingContext> {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatorImagesHandler.class);

    private final FaultScript faultScript;
    private final SimulatorRequestLog requestLog;
    private final LatencyScheduler latencyScheduler;
    private final SimulatorImageRenderer imageRenderer;

    SimulatorImagesHandler(
            FaultScript faultScript,
            SimulatorRequestLog log,
            LatencyScheduler latencyScheduler,
            SimulatorImageRenderer simulatorImageRenderer) {
        this.faultScript = faultScript;
        this.requestLog = log;
        this.latencyScheduler = latencyScheduler;
        this.imageRenderer = simulatorImageRenderer;
    }

    @Override
    public void handle(RoutingContext context) {
        HttpServerRequest request = context.request();
        SimulatorResponseWriter simulatorResponseWriter = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(request)
                .onComplete(
                        body -> handleSubmission(request, simulatorResponseWriter, body),
                        cause -> sendError(simulatorResponseWriter, cause));
    }

    private void handleSubmission(
            HttpServerRequest request, SimulatorResponseWriter simulatorResponseWriter, Buffer body) {
        SimulatorRequestLog.LoggedSubmission entry = requestLog.add(
                request.getHeader("Idempotency-Key"), request.headers().contains("Authorization"), body);
        SimulatorImageRequest wanted;
        try {
            wanted = SimulatorImageRequest.parse(SimulatorBodyReader.parseObject(body));
        } catch (SimulatorRequestException e) {
            entry.setResponse("status " + e.status());
            sendError(simulatorResponseWriter, e);
            return;
        }
        ScriptStep scriptStep = faultScript.nextStep();
        entry.setResponse(scriptStep.fault().describe());
        LOG.atDebug().addKeyValue("answer", scriptStep.fault().describe()).log("simulator took a submission");
        SimulatorSubmission simulatorSubmission =
                new SimulatorSubmission(wanted, simulatorResponseWriter, imageRenderer, entry);
        latencyScheduler.schedule(
                scriptStep,
                simulatorResponseWriter,
                entry::recordClientClose,
                () -> scriptStep.fault().apply(simulatorSubmission));
    }

    private static void sendError(SimulatorResponseWriter simulatorResponseWriter, Throwable cause) {
        // Anything else means that the client left before its body was complete.
        if (cause instanceof SimulatorRequestException e) {
            simulatorResponseWriter.sendJson(
                    e.status(), SimulatorErrorBody.create(e.getMessage(), "invalid_request_error", e.param(), null));
        }
    }
}
