package dev.darkroom.simulator.callback;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Vertx;
import io.vertx.ext.web.Router;
import java.time.Duration;

/** The route of the protocol: {@code POST /callback/jobs}. Source: {@code docs/backends/callback.md}. */
public final class CallbackSimulatorRoutes {
    private CallbackSimulatorRoutes() {}

    /**
     * Adds the route.
     *
     * @param latency the default time from a submission to its result
     * @param imageRenderer renders the images
     */
    public static void mount(
            Vertx vertx,
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            SimulatorImageRenderer imageRenderer) {
        CallbackSender sender = new CallbackSender(vertx, vertx.createHttpClient());
        router.post("/callback/jobs")
                .handler(new CallbackJobHandler(faultScript, requestLog, latency, imageRenderer, sender));
    }
}
