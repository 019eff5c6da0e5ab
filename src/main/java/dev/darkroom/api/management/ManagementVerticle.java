package dev.darkroom.api.management;

import dev.darkroom.api.contract.ContractLoader;
import dev.darkroom.api.contract.ContractRouter;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.transport.InvalidRequestHandler;
import dev.darkroom.api.transport.RequestBodyLimits;
import dev.darkroom.api.transport.SlowRequestGuard;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.config.Settings;
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

/** Health checks and how this process, its AI servers and its database stand, for operators, on a port of its own. One per process. */
public final class ManagementVerticle extends VerticleBase {
    /** A check that takes longer has failed: who asks wants to know now. */
    private static final long CHECK_TIMEOUT_MS = 2_000;

    /** Longer than scrapers wait between two requests on one connection. */
    private static final int IDLE_TIMEOUT_SECONDS = 75;

    private static final Duration FIRST_REQUEST_TIMEOUT = Duration.ofSeconds(10);
    private static final Duration KEEP_ALIVE_TIMEOUT = Duration.ofSeconds(IDLE_TIMEOUT_SECONDS);

    private static final RequestBodyLimits BODY_LIMITS = new RequestBodyLimits(1_024, Duration.ofSeconds(5));

    private final Settings.Management settings;
    private final Map<String, Supplier<Future<Void>>> readiness;
    private final Supplier<JsonArray> backends;
    private final Supplier<JsonObject> node;
    private final Supplier<JsonObject> database;
    private HttpServer server;

    /**
     * @param readiness what has to be well for the process to be ready, by name; a failed future means that it is not.
     *     Asked on every request, so it must be cheap.
     * @param backends how the process gets on with its AI servers, in the contract's form; asked on every request too
     * @param node how the process stands among its like, likewise
     * @param database what keeps dead rows alive, likewise
     */
    public ManagementVerticle(
            Settings.Management settings,
            Map<String, Supplier<Future<Void>>> readiness,
            Supplier<JsonArray> backends,
            Supplier<JsonObject> node,
            Supplier<JsonObject> database) {
        this.settings = settings;
        this.readiness = Map.copyOf(readiness);
        this.backends = backends;
        this.node = node;
        this.database = database;
    }

    /** The port listened on, once started. */
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
                        .onSuccess(well -> result.tryComplete(Status.OK()))
                        .onFailure(error -> result.tryComplete(Status.KO()))));
        return ContractLoader.loadManagement(vertx).compose(apiContract -> {
            List<OperationHandler> handlers = List.of(
                    new HealthHandler("getLiveness", live),
                    new HealthHandler("getReadiness", ready),
                    new StatusDocumentHandler("getBackends", () -> new JsonObject().put("backends", backends.get())),
                    new StatusDocumentHandler("getNode", node),
                    new StatusDocumentHandler("getDatabase", database));
            HttpServerOptions options =
                    new HttpServerOptions().setIdleTimeout(IDLE_TIMEOUT_SECONDS).setHttp2ClearTextEnabled(false);
            SlowRequestGuard slowRequestGuard = new SlowRequestGuard(vertx, FIRST_REQUEST_TIMEOUT, KEEP_ALIVE_TIMEOUT);
            server = vertx.createHttpServer(options)
                    .connectionHandler(slowRequestGuard::watch)
                    .requestHandler(slowRequestGuard.trackRequests(ContractRouter.create(
                            vertx,
                            apiContract,
                            handlers,
                            AuthServices.withoutAuthentication(),
                            HostAndOriginPolicy.forManagement(settings),
                            BODY_LIMITS)))
                    .invalidRequestHandler(new InvalidRequestHandler());
            return server.listen(settings.port(), settings.host());
        });
    }

    @Override
    public Future<?> stop() {
        return server == null ? Future.succeededFuture() : server.shutdown(1, TimeUnit.SECONDS);
    }
}
