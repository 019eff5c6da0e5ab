package dev.darkroom.simulator;

import dev.darkroom.simulator.image.PlaceholderImageRenderer;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Clock;
import java.time.Duration;

/**
 * An AI server for development and tests. Implements the OpenAI Images protocol, renders placeholder images and fails as scripted:
 *
 * <ul>
 *   <li>{@code POST /v1/images/generations}, {@code GET /v1/models}, {@code GET /pictures/…}: the protocol;
 *   <li>{@code PUT}, {@code GET}, {@code DELETE /simulator/script}: the script of faults, see {@link FaultScriptParser};
 *   <li>{@code GET}, {@code DELETE /simulator/requests}: the received submissions, see {@link SimulatorRequestLog}.
 * </ul>
 *
 * Listens on loopback only, over HTTP/1.1 without TLS. Deploy one instance: script, log and images are its state, used on its event
 * loop. Rendering runs on the worker pool {@code darkroom-simulator}. Source of the protocol: the OpenAI API reference, "Create image".
 */
public final class SimulatorVerticle extends VerticleBase {
    private static final String HOST = "127.0.0.1";
    private static final int RENDER_THREADS = 2;

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
        HttpServerOptions options =
                new HttpServerOptions().setHost(HOST).setPort(requestedPort).setHttp2ClearTextEnabled(false);
        server = vertx.createHttpServer(options);
        WorkerExecutor workers = vertx.createSharedWorkerExecutor("darkroom-simulator", RENDER_THREADS);
        SimulatorImageRenderer imageRenderer = new SimulatorImageRenderer(
                workers, new PlaceholderImageRenderer(), () -> "http://" + HOST + ":" + port);
        return server.requestHandler(createRouter(imageRenderer)).listen().map(bound -> {
            port = bound.actualPort();
            return null;
        });
    }

    @Override
    public Future<?> stop() {
        return server.close();
    }

    private Router createRouter(SimulatorImageRenderer imageRenderer) {
        FaultScript faultScript = new FaultScript();
        SimulatorRequestLog log = new SimulatorRequestLog(Clock.systemUTC());
        LatencyScheduler latencyScheduler = new LatencyScheduler(vertx, latency);
        Router router = Router.router(vertx);
        router.post("/v1/images/generations")
                .handler(new SimulatorImagesHandler(faultScript, log, latencyScheduler, imageRenderer));
        router.get("/v1/models").handler(new SimulatorModelsHandler(faultScript, latencyScheduler));
        router.get("/pictures/:file").handler(new SimulatorDownloadHandler(latencyScheduler, imageRenderer));
        new FaultScriptRoutes(faultScript).mount(router);
        router.get("/simulator/requests").handler(context -> context.json(log.toJson()));
        router.delete("/simulator/requests").handler(context -> {
            log.clear();
            context.response().setStatusCode(204).end();
        });
        router.errorHandler(404, context -> sendError(context, 404, "Unknown path."));
        router.errorHandler(405, context -> sendError(context, 405, "Method not allowed for this path."));
        router.errorHandler(500, context -> new SimulatorResponseWriter(context).sendInternalError(context.failure()));
        return router;
    }

    private static void sendError(RoutingContext context, int status, String message) {
        new SimulatorResponseWriter(context).sendJson(status, SimulatorErrorBody.create(status, message));
    }
}
