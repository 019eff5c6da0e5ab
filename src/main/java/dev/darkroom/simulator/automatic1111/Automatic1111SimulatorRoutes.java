package dev.darkroom.simulator.automatic1111;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.HealthCheckHandler;
import dev.darkroom.simulator.http.SimulatorBodyReader;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * Routes of the protocol:
 *
 * <ul>
 *   <li>{@code POST /sdapi/v1/txt2img}, {@code POST /sdapi/v1/img2img}, {@code GET /sdapi/v1/progress}, {@code POST /sdapi/v1/interrupt}, {@code GET
 *       /sdapi/v1/samplers}: the public API;
 *   <li>{@code POST /internal/progress}: the status of a task by its id, used by the pages of the server itself.
 * </ul>
 *
 * Sources: the OpenAPI document of stable-diffusion-webui; its pull request 14314 for {@code force_task_id}; issue 1814 of Forge for a
 * recorded response of {@code GET /sdapi/v1/progress}. Neither path returns the images of a task.
 */
public final class Automatic1111SimulatorRoutes {
    private static final Buffer SAMPLERS = Buffer.buffer("""
            [{"name":"Euler","aliases":["k_euler"],"options":{}}]""");

    private Automatic1111SimulatorRoutes() {}

    /**
     * Adds the routes.
     *
     * @param latency the default duration of a generation
     * @param workers renders the images
     */
    public static void mount(
            Vertx vertx,
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            WorkerExecutor workers) {
        TaskQueue tasks = new TaskQueue(vertx);
        router.post("/sdapi/v1/txt2img")
                .handler(new TxtToImageHandler(faultScript, requestLog, latency, workers, tasks, false));
        router.post("/sdapi/v1/img2img")
                .handler(new TxtToImageHandler(faultScript, requestLog, latency, workers, tasks, true));
        router.get("/sdapi/v1/progress").handler(context -> context.json(tasks.progress()));
        router.post("/internal/progress").handler(context -> respondWithStatus(context, tasks));
        router.post("/sdapi/v1/interrupt").handler(context -> {
            tasks.interrupt();
            context.json(new JsonObject());
        });
        router.get("/sdapi/v1/samplers").handler(new HealthCheckHandler(faultScript, latency, () -> SAMPLERS));
    }

    private static void respondWithStatus(RoutingContext context, TaskQueue tasks) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        SimulatorBodyReader.read(context.request())
                .map(body -> tasks.status(SimulatorBodyReader.parseObject(body).getString("id_task")))
                .onComplete(status -> writer.sendJson(200, status), writer::sendRequestError);
    }
}
