package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.ResponseFault;
import dev.darkroom.simulator.fault.ScriptStep;
import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/** Handles {@code GET /v1/models}: returns one model. Applies the next step of the script if it has {@code "models": true}. */
record SimulatorModelsHandler(FaultScript faultScript, Duration latency) implements Handler<RoutingContext> {
    private static final Buffer MODELS = Buffer.buffer("""
            {"object":"list","data":[{"id":"simulator","object":"model","created":0,"owned_by":"darkroom"}]}""");

    @Override
    public void handle(RoutingContext context) {
        ScriptStep step = faultScript.peek();
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorResponse normalResponse =
                new SimulatorResponse(SimulatorResponse.APPLICATION_JSON, () -> Future.succeededFuture(MODELS));
        if (step.appliesToModels() && step.fault() instanceof ResponseFault fault) {
            writer.respondAfter(step.delayOr(latency), () -> {}, () -> fault.apply(writer, normalResponse));
        } else {
            normalResponse.send(writer);
        }
    }
}
