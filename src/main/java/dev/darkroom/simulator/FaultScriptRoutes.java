package dev.darkroom.simulator;

import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/** Routes of {@code /simulator/script}, which read, replace and delete the script. A rejected script does not replace the current one. */
final class FaultScriptRoutes {
    private static final String PATH = "/simulator/script";

    private final FaultScript faultScript;

    FaultScriptRoutes(FaultScript faultScript) {
        this.faultScript = faultScript;
    }

    void mount(Router router) {
        router.get(PATH).handler(context -> context.json(faultScript.toJson()));
        router.put(PATH).handler(this::put);
        router.delete(PATH).handler(context -> {
            faultScript.clear();
            context.response().setStatusCode(204).end();
        });
    }

    private void put(RoutingContext context) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(context.request())
                .map(this::replace)
                .onComplete(replaced -> writer.sendJson(200, faultScript.toJson()), cause -> {
                    if (cause instanceof SimulatorRequestException e) {
                        writer.sendJson(
                                e.status(),
                                SimulatorErrorBody.create(e.getMessage(), "invalid_request_error", e.param(), null));
                    }
                });
    }

    private FaultScript replace(Buffer body) {
        faultScript.replace(FaultScriptParser.parseScript(SimulatorBodyReader.parseObject(body)));
        return faultScript;
    }
}
