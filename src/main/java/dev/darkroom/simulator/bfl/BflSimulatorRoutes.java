package dev.darkroom.simulator.bfl;

import dev.darkroom.simulator.fault.FaultScript;
import dev.darkroom.simulator.fault.HealthCheckHandler;
import dev.darkroom.simulator.fault.JobSubmissionHandler;
import dev.darkroom.simulator.http.JobStore;
import dev.darkroom.simulator.http.SimulatorRequestLog;
import dev.darkroom.simulator.http.SimulatorResponseWriter;
import dev.darkroom.simulator.image.SimulatorImageRenderer;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;

/**
 * Routes of Black Forest Labs. Source: the OpenAPI document of the API, <a href="https://api.bfl.ai/openapi.json">api.bfl.ai</a>, and
 * its <a href="https://docs.bfl.ai/quick_start/generating_images">guide</a>. The API has no list of tasks, and no cancel.
 */
public final class BflSimulatorRoutes {
    private static final int CREDITS = 1000;

    private BflSimulatorRoutes() {}

    /**
     * Adds the routes.
     *
     * @param latency the default duration of a task
     */
    public static void mount(
            Vertx vertx,
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            SimulatorImageRenderer imageRenderer) {
        JobStore<SimulatorTask> store = new JobStore<>(vertx);
        router.post("/v1/:model")
                .handler(new JobSubmissionHandler(
                        faultScript, requestLog, latency, new TaskSubmissions(imageRenderer, store)));
        router.get("/v1/get_result").handler(context -> sendTask(context, store));
        router.get("/v1/credits")
                .handler(new HealthCheckHandler(
                        faultScript,
                        latency,
                        () -> new JsonObject().put("credits", CREDITS).toBuffer()));
    }

    private static void sendTask(RoutingContext context, JobStore<SimulatorTask> store) {
        String id = context.request().getParam("id", "");
        SimulatorTask task = store.find(id);
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        if (task == null) {
            writer.sendJson(
                    404,
                    new JsonObject()
                            .put("id", id)
                            .put("status", "Task not found")
                            .put("result", null));
        } else {
            writer.sendJson(200, task.toJson());
        }
    }
}
