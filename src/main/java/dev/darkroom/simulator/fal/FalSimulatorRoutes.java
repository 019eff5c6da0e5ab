package dev.darkroom.simulator.fal;

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
import java.util.function.BiConsumer;

/**
 * Routes of {@code queue.fal.run} below {@code /fal}, and an app that is called directly at {@code /fal} itself. Sources:
 * https://fal.ai/docs/api-reference/inference-api and its pages on the operations of the queue; for the app, a recording of {@code fal
 * run --local} of fal 1.83.0. The state, the result and the cancellation have the owner and the name of an app in their path, and not the
 * further segments of a model.
 */
public final class FalSimulatorRoutes {
    private static final String REQUEST = "/fal/:owner/:app/requests/:id";

    private FalSimulatorRoutes() {}

    /**
     * Adds the routes.
     *
     * @param latency the default duration of a request
     */
    public static void mount(
            Vertx vertx,
            Router router,
            FaultScript faultScript,
            SimulatorRequestLog requestLog,
            Duration latency,
            SimulatorImageRenderer imageRenderer) {
        JobStore<StoredRequest> store = new JobStore<>(vertx);
        router.get("/fal/health")
                .handler(new HealthCheckHandler(
                        faultScript,
                        latency,
                        () -> new JsonObject().put("version", "simulator").toBuffer()));
        router.get(REQUEST + "/status").handler(context -> withRequest(context, store, FalSimulatorRoutes::sendStatus));
        router.get(REQUEST).handler(context -> withRequest(context, store, FalSimulatorRoutes::sendResult));
        router.put(REQUEST + "/cancel").handler(context -> cancel(context, store));
        JobSubmissionHandler app = new JobSubmissionHandler(
                faultScript, requestLog, latency, new FalSubmissions(vertx, imageRenderer, null));
        router.post("/fal").handler(app);
        JobSubmissionHandler queue = new JobSubmissionHandler(
                faultScript, requestLog, latency, new FalSubmissions(vertx, imageRenderer, store));
        router.post("/fal/:owner/:app").handler(queue);
        router.post("/fal/:owner/:app/*").handler(queue);
    }

    /** Returns the URL of the app of a request, at the origin that the client called, possibly through a proxy. */
    static String appUrl(RoutingContext context) {
        String scheme = context.request().headers().get("X-Forwarded-Proto");
        return (scheme == null ? "http" : scheme) + "://" + context.request().authority() + "/fal/"
                + context.pathParam("owner") + "/" + context.pathParam("app");
    }

    private static void withRequest(
            RoutingContext context, JobStore<StoredRequest> store, BiConsumer<RoutingContext, StoredRequest> handler) {
        StoredRequest request = store.find(context.pathParam("id"));
        if (request == null) {
            new SimulatorResponseWriter(context).sendJson(404, new JsonObject().put("detail", "Request not found"));
        } else {
            handler.accept(context, request);
        }
    }

    private static void sendStatus(RoutingContext context, StoredRequest request) {
        request.poll();
        new SimulatorResponseWriter(context).sendJson(request.output() == null ? 202 : 200, request.toJson());
    }

    private static void sendResult(RoutingContext context, StoredRequest request) {
        SimulatorResponseWriter writer = new SimulatorResponseWriter(context);
        if (request.output() == null) {
            writer.sendJson(400, new JsonObject().put("detail", "Request is still in progress"));
        } else {
            request.output().send(writer);
        }
    }

    private static void cancel(RoutingContext context, JobStore<StoredRequest> store) {
        StoredRequest request = store.find(context.pathParam("id"));
        boolean ended = request != null && request.output() != null;
        if (request != null) {
            request.end(FalOutput.failed("client_cancelled: Request was cancelled"));
        }
        new SimulatorResponseWriter(context)
                .sendJson(
                        request == null ? 404 : ended ? 400 : 202,
                        new JsonObject()
                                .put(
                                        "status",
                                        request == null
                                                ? "NOT_FOUND"
                                                : ended ? "ALREADY_COMPLETED" : "CANCELLATION_REQUESTED"));
    }
}
