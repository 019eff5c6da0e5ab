package dev.darkroom.simulator;

import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/** {@code /simulator/script}: the faults to come. A script that is refused leaves the one before in place. */
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
        SimulatorResponseWriter simulatorResponseWriter = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(context.request())
                .map(this::replace)
                .onComplete(replaced -> simulatorResponseWriter.sendJson(200, faultScript.toJson()), cause -> {
                    if (cause instanceof SimulatorRequestException e) {
                        simulatorResponseWriter.sendJson(
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
