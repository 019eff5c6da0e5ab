package dev.darkroom.simulator.fault;

import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.ext.web.Router;

/** Routes of {@code /simulator/script}, which read, replace and delete the script. A rejected script does not replace the current one. */
public final class FaultScriptRoutes {
    private static final String PATH = "/simulator/script";

    private FaultScriptRoutes() {}

    /** Adds the routes, which control {@code faultScript}. */
    public static void mount(Router router, FaultScript faultScript) {
        router.get(PATH).handler(context -> context.json(faultScript.toJson()));
        router.put(PATH).handler(context -> {
            SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
            SimulatorBodyReader.read(context.request())
                    .map(body -> {
                        faultScript.replace(FaultScriptParser.parseScript(SimulatorBodyReader.parseObject(body)));
                        return faultScript.toJson();
                    })
                    .onComplete(script -> writer.sendJson(200, script), writer::sendRequestError);
        });
        router.delete(PATH).handler(context -> {
            faultScript.clear();
            context.response().setStatusCode(204).end();
        });
    }
}
