package dev.darkroom.simulator;

import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;

/** {@code GET /v1/models}: one model, unless the step that the next submission meets has {@code "models": true}. */
final class ModelsHandler implements Handler<RoutingContext> {
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

    private final Script script;
    private final Director director;

    ModelsHandler(Script script, Director director) {
        this.script = script;
        this.director = director;
    }

    @Override
    public void handle(RoutingContext context) {
        Step step = script.first();
        Wire wire = new Wire(context);
        Answer good = new Answer(Answer.JSON, () -> Future.succeededFuture(MODELS.toBuffer()));
        if (step.models() && step.fault() instanceof WireFault fault) {
            director.after(step, wire, () -> {}, () -> fault.play(wire, good));
        } else {
            good.send(wire);
        }
    }
}
