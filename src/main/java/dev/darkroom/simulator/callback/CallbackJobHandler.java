package dev.darkroom.simulator.callback;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * Handles {@code POST /callback/jobs}: accepts the job and posts its result later. A step of the script applies to the submission; its
 * delay is the time from the submission to the result. A job that is accepted gets a result, also when its response is lost.
 */
record CallbackJobHandler(
        FaultScript faultScript,
        SimulatorRequestLog requestLog,
        Duration latency,
        SimulatorImageRenderer imageRenderer,
        CallbackSender sender)
        implements Handler<RoutingContext> {
    @Override
    public void handle(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(context.request())
                .onComplete(body -> handleSubmission(context, writer, body), writer::sendRequestError);
    }

    private void handleSubmission(RoutingContext context, SimulatorResponseWriter writer, Buffer body) {
        SimulatorRequestLog.LoggedSubmission entry =
                requestLog.add(null, context.request().headers().contains("Authorization"), body);
        CallbackJobRequest request;
        try {
            request = CallbackJobRequest.parse(SimulatorBodyReader.parseObject(body));
        } catch (SimulatorRequestException e) {
            entry.setResponse("status " + e.status());
            writer.sendRequestError(e);
            return;
        }
        ScriptStep step = faultScript.nextStep(context.request().headers());
        entry.setResponse(step.fault().description());
        CallbackJob job = new CallbackJob(request, writer, imageRenderer, sender, step.delayOr(latency), entry);
        writer.respondAfter(
                Duration.ZERO, entry::recordClientClose, () -> step.fault().apply(job));
    }
}
