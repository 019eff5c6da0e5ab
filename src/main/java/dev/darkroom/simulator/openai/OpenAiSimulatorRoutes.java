package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.HealthCheckHandler;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.function.Supplier;

/** Routes of the protocol. Source: the OpenAI API reference, "Create image". */
public final class OpenAiSimulatorRoutes {
    private static final Buffer MODELS = Buffer.buffer("""
            {"object":"list","data":[{"id":"simulator","object":"model","created":0,"owned_by":"darkroom"}]}""");

    private OpenAiSimulatorRoutes() {}

    /**
     * Adds the routes.
     *
     * @param latency the default latency of a response
     * @param workers renders the images
     * @param baseUrl called for each image URL, since the port is known only after the server has started
     */
    public static void mount(
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            WorkerExecutor workers,
            Supplier<String> baseUrl) {
        SimulatorImageRenderer imageRenderer = new SimulatorImageRenderer(workers, baseUrl);
        router.post("/v1/images/generations")
                .handler(new SimulatorImagesHandler(faultScript, requestLog, latency, imageRenderer));
        router.get("/v1/models").handler(new HealthCheckHandler(faultScript, latency, MODELS));
        router.get("/images/:file").handler(new SimulatorDownloadHandler(imageRenderer));
    }
}
