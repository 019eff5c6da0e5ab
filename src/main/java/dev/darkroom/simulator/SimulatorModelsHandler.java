package dev.darkroom.simulator;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/** {@code GET /v1/models}: one model, unless the step that the next submission meets has {@code "models": true}. */
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
        ScriptStep scriptStep = faultScript.peek();
        SimulatorResponseWriter simulatorResponseWriter = new SimulatorResponseWriter(context);
        SimulatorResponse good = new SimulatorResponse(
                SimulatorResponse.APPLICATION_JSON, () -> Future.succeededFuture(MODELS.toBuffer()));
        if (scriptStep.appliesToModels() && scriptStep.fault() instanceof ResponseFault fault) {
            latencyScheduler.schedule(
                    scriptStep, simulatorResponseWriter, () -> {}, () -> fault.apply(simulatorResponseWriter, good));
        } else {
            good.send(simulatorResponseWriter);
        }
    }
}
