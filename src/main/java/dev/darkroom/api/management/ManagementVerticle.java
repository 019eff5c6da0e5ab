package dev.darkroom.api.management;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.contract.ApiContract;
import dev.darkroom.api.contract.ContractRouterFactory;
import dev.darkroom.api.contract.JsonOperationHandler;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.problem.ErrorRenderers;
import dev.darkroom.api.route.HttpRouter;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.transport.InvalidRequestHandler;
import dev.darkroom.api.transport.RequestSpans;
import dev.darkroom.api.transport.SlowRequestGuard;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.telemetry.ProcessMetrics;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.healthchecks.HealthChecks;
import io.vertx.ext.healthchecks.Status;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** Serves health checks, metrics and the status of the process, its backends and its database on a separate port. One per process. */
public final class ManagementVerticle extends VerticleBase {
    /** Timeout of a health check; a slower check counts as failed. */
    private static final long CHECK_TIMEOUT_MS = 2_000;

    /** Longer than the interval of metrics scrapers, so that they reuse their connection. */
    private static final int IDLE_TIMEOUT_SECONDS = 75;

    private static final Duration FIRST_REQUEST_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(IDLE_TIMEOUT_SECONDS);

    private static final RequestBodyLimits BODY_LIMITS = new RequestBodyLimits(1_024, Duration.ofSeconds(5));

    private final InboundSettings.Management settings;
    private final ApiContract apiContract;
    private final Map<String, Supplier<Future<Void>>> readiness;
    private final Supplier<JsonArray> backends;
    private final Supplier<JsonObject> node;
    private final Supplier<JsonObject> database;
    private final ProcessMetrics metrics;
    private HttpServer server;

    /**
     * All suppliers are called on every request, so they must be cheap. The documents have the form of the contract.
     *
     * @param apiContract paths of the management port
     * @param readiness readiness checks by name; the process is ready when all futures succeed
     * @param backends returns the status of the backends as seen by this process
     * @param node returns the registration of this process as a node
     * @param database returns the transactions and slots that block vacuum
     * @param metrics of this process
     */
    public ManagementVerticle(
            InboundSettings.Management settings,
            ApiContract apiContract,
            Map<String, Supplier<Future<Void>>> readiness,
            Supplier<JsonArray> backends,
            Supplier<JsonObject> node,
            Supplier<JsonObject> database,
            ProcessMetrics metrics) {
        this.settings = settings;
        this.apiContract = apiContract;
        this.readiness = Map.copyOf(readiness);
        this.backends = backends;
        this.node = node;
        this.database = database;
        this.metrics = metrics;
    }

    /** Returns the listening port. Callable after the start only. */
    public int port() {
        return server.actualPort();
    }

    @Override
    public Future<?> start() {
        HealthChecks live = HealthChecks.create(vertx);
        HealthChecks ready = HealthChecks.create(vertx);
        readiness.forEach((name, check) -> ready.register(
                name,
                CHECK_TIMEOUT_MS,
                result -> check.get()
                        .onSuccess(passed -> result.tryComplete(Status.OK()))
                        .onFailure(error -> result.tryComplete(Status.KO()))));
        List<OperationHandler> handlers = List.of(
                new HealthHandler("getLiveness", live),
                new HealthHandler("getReadiness", ready),
                statusHandler("getBackends", () -> new JsonObject().put("backends", backends.get())),
                statusHandler("getNodeStatus", node),
                statusHandler("getDatabaseStatus", database),
                new GetMetricsHandler(metrics, vertx.createSharedWorkerExecutor("darkroom-metrics", 1)));
        HostAndOriginPolicy policy = HostAndOriginPolicy.forManagement(settings);
        HttpServerOptions options =
                new HttpServerOptions().setIdleTimeout(IDLE_TIMEOUT_SECONDS).setHttp2ClearTextEnabled(false);
        // Without traces: probes and scrapes would be most of them.
        RequestSpans requestSpans = new RequestSpans(Tracing.OFF);
        SlowRequestGuard slowRequestGuard = new SlowRequestGuard(vertx, FIRST_REQUEST_TIMEOUT, KEEP_ALIVE_TIMEOUT);
        server = vertx.createHttpServer(options)
                .connectionHandler(slowRequestGuard::watch)
                .requestHandler(slowRequestGuard.trackRequests(
                        HttpRouter.create(
                                new ContractRouterFactory(
                                        vertx,
                                        apiContract,
                                        handlers,
                                        AuthServices.withoutAuthentication(),
                                        policy,
                                        BODY_LIMITS),
                                List.of(),
                                policy,
                                ErrorRenderers.PROBLEM_DOCUMENTS,
                                requestSpans),
                        requestSpans))
                .invalidRequestHandler(new InvalidRequestHandler(ErrorRenderers.PROBLEM_DOCUMENTS));
        return server.listen(settings.port(), settings.host());
    }

    private static OperationHandler statusHandler(String operationId, Supplier<JsonObject> document) {
        return new JsonOperationHandler(operationId, 200, request -> Future.succeededFuture(document.get()));
    }

    @Override
    public Future<?> stop() {
        return server == null ? Future.succeededFuture() : server.shutdown(1, TimeUnit.SECONDS);
    }
}
