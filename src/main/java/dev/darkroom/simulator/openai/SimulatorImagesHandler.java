package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Handles {@code POST /v1/images/generations}. Logs every request with a complete body. A valid request takes one step of the script.
 * An invalid one gets 400 immediately and takes none.
 */
record SimulatorImagesHandler(
        FaultScript faultScript, SimulatorRequestLog requestLog, Duration latency, SimulatorImageRenderer imageRenderer)
        implements Handler<RoutingContext> {
    private static final Logger LOG = LoggerFactory.getLogger(SimulatorImagesHandler.class);

    @Override
    public void handle(RoutingContext context) {
        HttpServerRequest request = context.request();
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(request)
                .onComplete(body -> handleSubmission(request, writer, body), writer::sendRequestError);
    }

    private void handleSubmission(HttpServerRequest request, SimulatorResponseWriter writer, Buffer body) {
        SimulatorRequestLog.LoggedSubmission entry = requestLog.add(
                request.getHeader("Idempotency-Key"), request.headers().contains("Authorization"), body);
        SimulatorImageRequest imageRequest;
        try {
            imageRequest = SimulatorImageRequest.parse(SimulatorBodyReader.parseObject(body));
        } catch (SimulatorRequestException e) {
            entry.setResponse("status " + e.status());
            writer.sendRequestError(e);
            return;
        }
        ScriptStep step = faultScript.nextStep(request.headers());
        entry.setResponse(step.fault().description());
        LOG.atDebug().addKeyValue("response", step.fault().description()).log("submission received");
        SimulatorSubmission submission = new SimulatorSubmission(imageRequest, writer, imageRenderer, entry);
        writer.respondAfter(
                step.delayOr(latency),
                entry::recordClientClose,
                () -> step.fault().apply(submission));
    }
}
