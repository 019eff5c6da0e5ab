package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.HealthCheckHandler;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import java.time.Duration;

/** Routes of the protocol. Source: the OpenAI API reference, "Create image", "Create image edit". */
public final class OpenAiSimulatorRoutes {
    private static final Buffer MODELS = Buffer.buffer("""
            {"object":"list","data":[{"id":"simulator","object":"model","created":0,"owned_by":"darkroom"}]}""");

    private OpenAiSimulatorRoutes() {}

    /**
     * Adds the routes.
     *
     * @param latency the default latency of a response
     */
    public static void mount(
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            SimulatorImageRenderer imageRenderer) {
        router.post("/v1/images/generations")
                .handler(new SimulatorImagesHandler(faultScript, requestLog, latency, imageRenderer));
        router.post("/v1/images/edits")
                .handler(new SimulatorEditsHandler(faultScript, requestLog, latency, imageRenderer));
        router.get("/v1/models").handler(new HealthCheckHandler(faultScript, latency, () -> MODELS));
    }
}
