package dev.darkroom.simulator.replicate;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.HealthCheckHandler;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * Routes of a cog container with one slot. Source: {@code docs/http.md} of cog, and exchanges recorded from cog 0.23.1. There is no
 * look-up: {@code GET /predictions/{id}} is 405.
 */
public final class CogSimulatorRoutes {
    private CogSimulatorRoutes() {}

    /**
     * Adds the routes.
     *
     * @param latency the default duration of a prediction
     */
    public static void mount(
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            SimulatorImageRenderer imageRenderer) {
        CogContainer container = new CogContainer();
        router.put("/predictions/:id")
                .handler(new CogPredictionHandler(faultScript, requestLog, latency, imageRenderer, container));
        router.post("/predictions/:id/cancel").handler(context -> cancel(context, container));
        router.get("/openapi.json")
                .handler(context -> new SimulatorResponseWriter(context).sendJson(200, ModelSchema.document()));
        router.get("/health-check")
                .handler(new HealthCheckHandler(
                        faultScript, latency, () -> container.health().toBuffer()));
    }

    private static void cancel(RoutingContext context, CogContainer container) {
        CogContainer.Running running = container.find(context.pathParam("id"));
        if (running != null) {
            CogSubmission.sendCanceled(running);
        }
        new SimulatorResponseWriter(context).sendJson(running == null ? 404 : 200, new JsonObject());
    }
}
