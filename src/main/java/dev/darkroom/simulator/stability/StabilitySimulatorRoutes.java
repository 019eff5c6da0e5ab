package dev.darkroom.simulator.stability;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.HealthCheckHandler;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import java.time.Duration;

/**
 * Routes of Stability AI. Source: the <a href="https://platform.stability.ai/docs/api-reference">API reference</a>, the text-to-image
 * endpoints and the balance of an account. No text-to-image endpoint has a result to fetch later.
 */
public final class StabilitySimulatorRoutes {
    private static final int CREDITS = 1000;

    private StabilitySimulatorRoutes() {}

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
        router.post("/v2beta/stable-image/generate/:endpoint")
                .handler(new FormSubmissionHandler(faultScript, requestLog, latency, imageRenderer));
        router.get("/v1/user/balance")
                .handler(new HealthCheckHandler(
                        faultScript,
                        latency,
                        () -> new JsonObject().put("credits", CREDITS).toBuffer()));
    }
}
