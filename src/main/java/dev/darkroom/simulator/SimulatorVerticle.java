package dev.darkroom.simulator;

import dev.darkroom.simulator.automatic1111.Automatic1111SimulatorRoutes;
import dev.darkroom.simulator.bfl.BflSimulatorRoutes;
import dev.darkroom.simulator.callback.CallbackSimulatorRoutes;
import dev.darkroom.simulator.comfyui.ComfyUiSimulatorRoutes;
import dev.darkroom.simulator.fal.FalSimulatorRoutes;
import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.FaultScriptRoutes;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorDownloadHandler;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import dev.darkroom.simulator.openai.OpenAiSimulatorRoutes;
import dev.darkroom.simulator.replicate.CogSimulatorRoutes;
import dev.darkroom.simulator.replicate.ReplicateSimulatorRoutes;
import dev.darkroom.simulator.sdserver.SdServerSimulatorRoutes;
import dev.darkroom.simulator.stability.StabilitySimulatorRoutes;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.time.Clock;
import java.time.Duration;

/**
 * An AI server for development and tests. Implements several protocols, renders placeholder images and fails as scripted:
 *
 * <ul>
 *   <li>{@code POST /v1/images/generations}, {@code POST /v1/images/edits}, {@code GET /v1/models}: OpenAI Images;
 *   <li>{@code POST /sdapi/v1/txt2img} and the paths of {@link Automatic1111SimulatorRoutes}: AUTOMATIC1111;
 *   <li>{@code /v1/predictions/…}, {@code /v1/models/{owner}/{name}/predictions}, {@code /v1/account}: Replicate;
 *   <li>{@code POST /v2beta/stable-image/generate/{endpoint}}, {@code GET /v1/user/balance}: Stability AI;
 *   <li>{@code POST /v1/{model}}, {@code GET /v1/get_result}, {@code /v1/credits}: Black Forest Labs;
 *   <li>{@code /predictions/…}, {@code GET /health-check}: a cog container;
 *   <li>{@code POST /prompt} and the paths of {@link ComfyUiSimulatorRoutes}: ComfyUI;
 *   <li>{@code /fal/…}: the queue of fal, and an app at {@code POST /fal};
 *   <li>{@code /sdcpp/v1/…}: the native API of sd-server;
 *   <li>{@code GET /images/…}: downloads;
 *   <li>{@code POST /callback/jobs}: the callback protocol;
 *   <li>{@code PUT}, {@code GET}, {@code DELETE /simulator/script}: the fault script;
 *   <li>{@code GET}, {@code DELETE /simulator/requests}: the received submissions, see {@link SimulatorRequestLog}.
 * </ul>
 *
 * Listens on loopback only, over HTTP/1.1 without TLS. Deploy one instance: script, log and images are its state, used on its event
 * loop. Rendering runs on the worker pool {@code darkroom-simulator}.
 */
public final class SimulatorVerticle extends VerticleBase {
    private static final String HOST = "127.0.0.1";
    private static final int RENDER_THREADS = 2;

    /** Prompts in forms are longer than the default of Vert.x, 8 KiB. */
    private static final int MAX_FORM_ATTRIBUTE_BYTES = 1 << 20;

    private final int requestedPort;
    private final Duration latency;
    private volatile int port;
    private HttpServer server;

    /**
     * @param port the port to listen on; 0 for any free port, see {@link #port()}
     * @param latency the default latency of a response, not negative
     */
    public SimulatorVerticle(int port, Duration latency) {
        this.requestedPort = port;
        this.latency = latency;
    }

    /** Returns the port of the server; 0 before the deployment has completed. Thread-safe. */
    public int port() {
        return port;
    }

    /** Fails with a {@link java.net.BindException} when the port is in use. */
    @Override
    public Future<?> start() {
        // Disables HTTP/2, so that a dropped connection fails exactly one submission.
        HttpServerOptions options = new HttpServerOptions()
                .setHost(HOST)
                .setPort(requestedPort)
                .setHttp2ClearTextEnabled(false)
                .setMaxFormAttributeSize(MAX_FORM_ATTRIBUTE_BYTES);
        server = vertx.createHttpServer(options);
        return server.requestHandler(createRouter()).listen().map(bound -> {
            port = bound.actualPort();
            return null;
        });
    }

    @Override
    public Future<?> stop() {
        return server.close();
    }

    private Router createRouter() {
        FaultScript faultScript = new FaultScript();
        SimulatorRequestLog log = new SimulatorRequestLog(Clock.systemUTC());
        WorkerExecutor workers = vertx.createSharedWorkerExecutor("darkroom-simulator", RENDER_THREADS);
        Router router = Router.router(vertx);
        SimulatorImageRenderer imageRenderer = new SimulatorImageRenderer(workers, () -> "http://" + HOST + ":" + port);
        OpenAiSimulatorRoutes.mount(router, faultScript, log, latency, imageRenderer);
        Automatic1111SimulatorRoutes.mount(vertx, router, faultScript, log, latency, workers);
        ReplicateSimulatorRoutes.mount(vertx, router, faultScript, log, latency, imageRenderer);
        BflSimulatorRoutes.mount(vertx, router, faultScript, log, latency, imageRenderer);
        FalSimulatorRoutes.mount(vertx, router, faultScript, log, latency, imageRenderer);
        SdServerSimulatorRoutes.mount(vertx, router, faultScript, log, latency, imageRenderer);
        StabilitySimulatorRoutes.mount(router, faultScript, log, latency, imageRenderer);
        CogSimulatorRoutes.mount(router, faultScript, log, latency, imageRenderer);
        CallbackSimulatorRoutes.mount(vertx, router, faultScript, log, latency, imageRenderer);
        router.get("/images/:file").handler(new SimulatorDownloadHandler(imageRenderer));
        ComfyUiSimulatorRoutes.mount(vertx, router, faultScript, log, latency, imageRenderer);
        FaultScriptRoutes.mount(router, faultScript);
        router.get("/simulator/requests").handler(context -> context.json(log.toJson()));
        router.delete("/simulator/requests").handler(context -> {
            log.clear();
            context.response().setStatusCode(204).end();
        });
        router.errorHandler(404, context -> new SimulatorResponseWriter(context).sendError(404, "Unknown path."));
        router.errorHandler(
                405,
                context -> new SimulatorResponseWriter(context).sendError(405, "Method not allowed for this path."));
        router.errorHandler(500, context -> new SimulatorResponseWriter(context).sendInternalError(context.failure()));
        return router;
    }
}
