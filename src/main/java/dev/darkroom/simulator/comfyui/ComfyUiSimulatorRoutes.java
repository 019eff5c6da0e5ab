package dev.darkroom.simulator.comfyui;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.HealthCheckHandler;
import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorRequestException;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.function.Function;

/**
 * Routes of the protocol. Sources: docs.comfy.org, "Server routes" and "Messages", and recordings of ComfyUI 0.33.0. They show
 * these look-ups: {@code GET /api/jobs/{id}} with 404 for an unknown id, {@code GET /history/{id}} with an empty object for a job
 * that is unknown or has not ended, {@code GET /queue}.
 */
public final class ComfyUiSimulatorRoutes {
    private static final Buffer SYSTEM_STATS = Buffer.buffer("""
            {"system": {"os": "linux", "ram_total": 0, "ram_free": 0, "comfyui_version": "0.33.0", "required_frontend_version": "1.49.6",
             "installed_templates_version": null, "required_templates_version": "0.11.44", "comfy_package_versions": [],
             "python_version": "3.11.7", "pytorch_version": "2.15.0+cpu", "embedded_python": false, "deploy_environment": "local-git",
             "argv": ["main.py"]},
             "devices": [{"name": "cpu", "type": "cpu", "index": null, "vram_total": 0, "vram_free": 0, "torch_vram_total": 0,
             "torch_vram_free": 0}]}""");

    private final SimulatorProgressSockets sockets = new SimulatorProgressSockets();
    private final SimulatorNodeTypes nodeTypes = SimulatorNodeTypes.load();
    private final SimulatorJobQueue jobs;

    private ComfyUiSimulatorRoutes(Vertx vertx) {
        this.jobs = new SimulatorJobQueue(vertx, sockets);
    }

    /**
     * Adds the routes.
     *
     * @param latency the default duration of a job
     */
    public static void mount(
            Vertx vertx,
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            SimulatorImageRenderer imageRenderer) {
        ComfyUiSimulatorRoutes routes = new ComfyUiSimulatorRoutes(vertx);
        SimulatorOutputFiles files = new SimulatorOutputFiles(imageRenderer);
        SimulatorInputFiles inputFiles = new SimulatorInputFiles();
        router.post("/prompt")
                .handler(new SimulatorPromptHandler(
                        faultScript, requestLog, latency, routes.nodeTypes, routes.jobs, inputFiles, files));
        router.post("/upload/image").handler(inputFiles);
        router.get("/view").handler(files);
        router.get("/system_stats").handler(new HealthCheckHandler(faultScript, latency, () -> SYSTEM_STATS));
        routes.mountJobs(router);
        routes.mountNodeTypes(router);
        router.get("/ws").handler(routes::openSocket);
    }

    private void mountJobs(Router router) {
        router.get("/prompt")
                .handler(context -> context.json(jobs.createStatus().getJsonObject("status")));
        router.get("/queue").handler(context -> context.json(jobs.toJson()));
        router.post("/queue")
                .handler(context -> withBody(context, body -> {
                    body.getJsonArray("delete", new JsonArray()).forEach(id -> jobs.delete(id.toString()));
                    return null;
                }));
        router.post("/interrupt")
                .handler(context -> withBody(context, body -> {
                    jobs.interrupt(body.getString("prompt_id"));
                    return null;
                }));
        router.get("/history/:id").handler(context -> {
            SimulatorJob job = jobs.findEnded(context.pathParam("id"));
            context.json(job == null ? new JsonObject() : new JsonObject().put(job.id(), job.toHistoryEntry()));
        });
        router.get("/api/jobs/:id").handler(context -> {
            SimulatorJob job = jobs.find(context.pathParam("id"));
            new SimulatorResponseWriter(context)
                    .sendJson(
                            job == null ? 404 : 200,
                            job == null ? new JsonObject().put("error", "Job not found") : job.toJson());
        });
        router.post("/api/jobs/:id/cancel")
                .handler(context -> withBody(
                        context, body -> new JsonObject().put("cancelled", jobs.cancel(context.pathParam("id")))));
    }

    private void mountNodeTypes(Router router) {
        router.get("/object_info").handler(context -> context.json(nodeTypes.definitions()));
        router.get("/object_info/:type").handler(context -> {
            String type = context.pathParam("type");
            Object definition = nodeTypes.definitions().getValue(type);
            context.json(definition == null ? new JsonObject() : new JsonObject().put(type, definition));
        });
    }

    /**
     * Reads a body, which may be empty, and responds.
     *
     * @param respond returns the response; null for a status 200 without a body
     */
    private static void withBody(RoutingContext context, Function<JsonObject, JsonObject> respond) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(context.request())
                .map(body -> body.length() == 0 ? new JsonObject() : SimulatorBodyReader.parseObject(body))
                .map(respond)
                .onSuccess(response -> {
                    if (response == null) {
                        writer.send(200, null, Buffer.buffer());
                    } else {
                        writer.sendJson(200, response);
                    }
                })
                .onFailure(cause -> {
                    if (cause instanceof SimulatorRequestException) {
                        writer.sendRequestError(cause);
                    } else {
                        writer.sendInternalError(cause);
                    }
                });
    }

    private void openSocket(RoutingContext context) {
        String clientId = context.request().getParam("clientId", "");
        context.request()
                .toWebSocket()
                .onSuccess(socket -> sockets.add(clientId, socket, jobs.createStatus()))
                .onFailure(context::fail);
    }
}
