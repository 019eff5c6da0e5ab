package dev.darkroom.simulator.replicate;

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
import java.util.function.Consumer;

/**
 * Routes of Replicate. Source: the OpenAPI document of the Replicate HTTP API, {@code predictions.create},
 * {@code models.predictions.create}, {@code predictions.get}, {@code predictions.cancel}, {@code models.get},
 * {@code models.versions.get}, {@code account.get}. Replicate also lists
 * predictions, {@code predictions.list}, but no documented field of a list names the client's request.
 */
public final class ReplicateSimulatorRoutes {
    private ReplicateSimulatorRoutes() {}

    /**
     * Adds the routes.
     *
     * @param latency the default duration of a prediction
     */
    public static void mount(
            Vertx vertx,
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            SimulatorImageRenderer imageRenderer) {
        JobStore<StoredPrediction> store = new JobStore<>(vertx);
        JobSubmissionHandler submissions = new JobSubmissionHandler(
                faultScript, requestLog, latency, new ReplicateSubmissions(imageRenderer, store));
        router.post("/v1/predictions").handler(submissions);
        router.post("/v1/models/:owner/:name/predictions").handler(submissions);
        router.get("/v1/predictions/:id")
                .handler(context -> sendPrediction(context, store, imageRenderer, prediction -> {}));
        router.post("/v1/predictions/:id/cancel")
                .handler(context -> sendPrediction(context, store, imageRenderer, ReplicateSimulatorRoutes::cancel));
        router.get("/v1/models/:owner/:name")
                .handler(context -> new SimulatorResponseWriter(context)
                        .sendJson(
                                200,
                                new JsonObject()
                                        .put("owner", context.pathParam("owner"))
                                        .put("name", context.pathParam("name"))
                                        .put("latest_version", version("latest"))));
        router.get("/v1/models/:owner/:name/versions/:version")
                .handler(context ->
                        new SimulatorResponseWriter(context).sendJson(200, version(context.pathParam("version"))));
        router.get("/v1/account")
                .handler(new HealthCheckHandler(
                        faultScript,
                        latency,
                        () -> new JsonObject()
                                .put("type", "user")
                                .put("username", "simulator")
                                .put("name", "Simulator")
                                .toBuffer()));
    }

    private static JsonObject version(String id) {
        return new JsonObject().put("id", id).put("openapi_schema", ModelSchema.document());
    }

    private static void cancel(StoredPrediction prediction) {
        if (!prediction.ended()) {
            prediction.cancel();
        }
    }

    private static void sendPrediction(
            RoutingContext context,
            JobStore<StoredPrediction> store,
            SimulatorImageRenderer imageRenderer,
            Consumer<StoredPrediction> change) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        StoredPrediction prediction = store.find(context.pathParam("id"));
        if (prediction == null || !prediction.isVisibleTo(context.request().getHeader("Authorization"))) {
            writer.sendJson(
                    404,
                    new JsonObject()
                            .put("title", "Not found")
                            .put("detail", "The requested resource could not be found.")
                            .put("status", 404));
            return;
        }
        prediction.start();
        change.accept(prediction);
        writer.sendJson(200, prediction.toJson(imageRenderer.baseUrl()));
    }
}
