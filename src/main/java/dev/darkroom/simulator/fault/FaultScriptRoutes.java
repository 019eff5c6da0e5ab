package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;

/** Routes of {@code /simulator/script}, which read, replace and delete the script. A rejected script does not replace the current one. */
public final class FaultScriptRoutes {
    private static final String PATH = "/simulator/script";

    private final FaultScript faultScript;

    /** @param faultScript the script to control */
    public FaultScriptRoutes(FaultScript faultScript) {
        this.faultScript = faultScript;
    }

    /** Adds the routes. */
    public void mount(Router router) {
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
                .onComplete(script -> writer.sendJson(200, script), writer::sendRequestError);
    }

    private JsonObject replace(Buffer body) {
        faultScript.replace(FaultScriptParser.parseScript(SimulatorBodyReader.parseObject(body)));
        return faultScript.toJson();
    }
}
