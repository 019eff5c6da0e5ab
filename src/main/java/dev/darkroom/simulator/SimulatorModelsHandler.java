package dev.darkroom.simulator;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/** Handles {@code GET /v1/models}: returns one model. Applies the next step of the script if it has {@code "models": true}. */
final class SimulatorModelsHandler implements Handler<RoutingContext> {
    private static final JsonObject MODELS = new JsonObject()
            .put("object", "list")
            .put(
                    "data",
                    new JsonArray()
                            .add(new JsonObject()
                                    .put("id", "simulator")
                                    .put("object", "model")
                                    .put("created", 0)
                                    .put("owned_by", "darkroom")));

    private final FaultScript faultScript;
    private final LatencyScheduler latencyScheduler;

    SimulatorModelsHandler(FaultScript faultScript, LatencyScheduler latencyScheduler) {
        this.faultScript = faultScript;
        this.latencyScheduler = latencyScheduler;
    }

    @Override
    public void handle(RoutingContext context) {
        ScriptStep step = faultScript.peek();
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorResponse normalResponse = new SimulatorResponse(
                SimulatorResponse.APPLICATION_JSON, () -> Future.succeededFuture(MODELS.toBuffer()));
        if (step.appliesToModels() && step.fault() instanceof ResponseFault fault) {
            latencyScheduler.schedule(step, writer, () -> {}, () -> fault.apply(writer, normalResponse));
        } else {
            normalResponse.send(writer);
        }
    }
}
