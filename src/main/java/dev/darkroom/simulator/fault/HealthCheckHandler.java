package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorResponse;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Handles a GET that clients use as a health check, such as the list of models. Applies the next step of the script if it has
 * {@code "models": true}.
 *
 * @param body creates the JSON of the normal response
 */
public record HealthCheckHandler(FaultScript faultScript, Duration latency, Supplier<Buffer> body)
        implements Handler<RoutingContext> {
    @Override
    public void handle(RoutingContext context) {
        ScriptStep step = faultScript.peek(context.request().headers());
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorResponse normalResponse =
                new SimulatorResponse(SimulatorResponse.APPLICATION_JSON, () -> Future.succeededFuture(body.get()));
        if (step.appliesToModels() && step.fault() instanceof ResponseFault fault) {
            writer.respondAfter(step.delayOr(latency), () -> {}, () -> fault.apply(writer, normalResponse));
        } else {
            normalResponse.send(writer);
        }
    }
}
