package dev.darkroom.simulator.openai;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.WorkerExecutor;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.util.function.Supplier;

/** Routes of the protocol. Source: the OpenAI API reference, "Create image". */
public final class OpenAiSimulatorRoutes {
    private final SimulatorImagesHandler imagesHandler;
    private final SimulatorModelsHandler modelsHandler;
    private final SimulatorDownloadHandler downloadHandler;

    /**
     * @param latency the default latency of a response
     * @param workers renders the images
     * @param baseUrl called for each image URL, since the port is known only after the server has started
     */
    public OpenAiSimulatorRoutes(
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            WorkerExecutor workers,
            Supplier<String> baseUrl) {
        SimulatorImageRenderer imageRenderer =
                new SimulatorImageRenderer(workers, new PlaceholderImageRenderer(), baseUrl);
        imagesHandler = new SimulatorImagesHandler(faultScript, requestLog, latency, imageRenderer);
        modelsHandler = new SimulatorModelsHandler(faultScript, latency);
        downloadHandler = new SimulatorDownloadHandler(imageRenderer);
    }

    /** Adds the routes. */
    public void mount(Router router) {
        router.post("/v1/images/generations").handler(imagesHandler);
        router.get("/v1/models").handler(modelsHandler);
        router.get("/images/:file").handler(downloadHandler);
    }
}
