package dev.darkroom.api;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.contract.ApiContract;
import dev.darkroom.api.contract.ContractRouterFactory;
import dev.darkroom.api.generation.FinishedGenerationCache;
import dev.darkroom.api.generation.OpenImageLimiter;
import dev.darkroom.api.openai.error.OpenAiErrorRenderer;
import dev.darkroom.api.problem.ErrorRenderers;
import dev.darkroom.api.replicate.PredictionErrorRenderer;
import dev.darkroom.api.route.HttpRouter;
import dev.darkroom.api.route.RouteContributor;
import dev.darkroom.api.route.RouterFactory;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.security.TlsCertificateReloader;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.api.stream.StreamLimiter;
import dev.darkroom.api.stream.StreamRegistry;
import dev.darkroom.api.transport.InvalidRequestHandler;
import dev.darkroom.api.transport.RequestSpans;
import dev.darkroom.api.transport.SlowRequestGuard;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.backend.callback.CallbackReceiver;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.watch.ProgressSubscribers;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.notification.stream.NotificationHub;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * Serves the HTTP API. Any number of instances share one port. Validates requests against the contract and sends them as
 * commands to the verticles of this process over the event bus. Its only state is the set of its open streams.
 */
public final class ApiVerticle extends VerticleBase {
    /** Time for the requests in flight to finish when the process stops. Longer than the limit of any request. */
    private static final long SHUTDOWN_TIMEOUT_SECONDS = 15;

    /**
     * Kernel send buffer of a connection (SO_SNDBUF). Without a limit, Linux lets it grow to 4 MB for each client that never
     * reads. With this limit, a client at a round-trip time of 100 ms still downloads 2.5 MB/s.
     */
    private static final int SEND_BUFFER_BYTES = 256 * 1024;

    /** Concurrent streams of one HTTP/2 connection. Each uses memory before its request is handled. */
    private static final int MAX_STREAMS_PER_CONNECTION = 32;

    /** Limit of a WebSocket frame and message: four bytes for each of the 4,096 characters of the longest text. */
    private static final int MAX_FRAME_BYTES = 16 * 1024;

    /** Time for a client to reply to a WebSocket close frame. A stop waits for the reply. */
    private static final int CLOSE_TIMEOUT_SECONDS = 2;

    /** Seconds over which a stop closes all streams and sockets, so that their clients do not all reconnect at once. */
    public static final int DRAIN_SECONDS = 15;

    private static final ErrorRenderers ERROR_RENDERERS =
            new ErrorRenderers(List.of(new PredictionErrorRenderer(), new OpenAiErrorRenderer()));

    private final Settings settings;
    private final SharedServices sharedServices;
    private StreamRegistry streams;
    private OperationHandlers operationHandlers;
    private RequestSpans requestSpans;
    private HttpServer server;

    /**
     * Services shared by the instances of a process.
     *
     * @param processId of this process, as in the table of nodes
     * @param apiContract paths of the API port, see {@code ContractLoader}
     * @param pages further paths of the API port; empty without pages
     */
    public record SharedServices(
            UUID processId,
            ApiContract apiContract,
            List<RouteContributor> pages,
            ImageStore images,
            CallbackReceiver callbackReceiver,
            AuthServices authServices,
            FinishedGenerationCache finishedGenerations,
            NotificationHub hub,
            ProgressSubscribers progress,
            StreamLimiter streamLimiter,
            OpenImageLimiter openImageLimiter) {}

    public ApiVerticle(Settings settings, SharedServices sharedServices) {
        this.settings = settings;
        this.sharedServices = sharedServices;
    }

    @Override
    public Future<?> start() {
        streams = StreamRegistry.start(
                vertx,
                StreamRegistry.StreamTimings.withDefaults(
                        (int) settings.streams().slowConsumerTimeout().toSeconds()),
                ThreadLocalRandom.current());
        StreamAdmission admission = StreamAdmission.start(
                vertx,
                streams,
                sharedServices.streamLimiter(),
                sharedServices.authServices().credentialRevalidator(),
                settings.streams().revalidateInterval(),
                ThreadLocalRandom.current());
        operationHandlers = new OperationHandlers(vertx, settings, sharedServices, streams, admission, this::publicUrl);
        return listen();
    }

    @Override
    public Future<?> stop() {
        return server == null
                ? Future.succeededFuture()
                : streams.closeAll("SHUTDOWN", DRAIN_SECONDS)
                        .compose(closed -> server.shutdown(SHUTDOWN_TIMEOUT_SECONDS, TimeUnit.SECONDS))
                        .eventually(operationHandlers::awaitReports);
    }

    private Future<HttpServer> listen() {
        ApiContract apiContract = sharedServices.apiContract();
        HostAndOriginPolicy policy = HostAndOriginPolicy.forApi(settings);
        InboundSettings.Http http = settings.http();
        requestSpans = new RequestSpans(Tracing.of(vertx));
        RouterFactory contract = new ContractRouterFactory(
                vertx,
                apiContract,
                operationHandlers.create(policy),
                sharedServices.authServices(),
                policy,
                new RequestBodyLimits(http.maxBodyBytes(), http.requestTimeout()));
        Router router;
        // Builds one router at a time: the thread safety of the shared contract is not documented.
        synchronized (apiContract) {
            router = HttpRouter.create(contract, sharedServices.pages(), policy, ERROR_RENDERERS, requestSpans);
        }
        HttpServerOptions options = serverOptions();
        if (!http.tls().isEnabled()) {
            return listen(options, router);
        }
        TlsCertificateReloader tlsCertificateReloader = new TlsCertificateReloader(vertx, http.tls());
        return tlsCertificateReloader
                .configure(options)
                .compose(secure -> listen(secure, router))
                .onSuccess(tlsCertificateReloader::startReloading);
    }

    private HttpServerOptions serverOptions() {
        InboundSettings.Http http = settings.http();
        return new HttpServerOptions()
                .setIdleTimeout((int) http.idleTimeout().toMillis())
                .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
                .setSendBufferSize(SEND_BUFFER_BYTES)
                .setHttp2ClearTextEnabled(settings.connections().http2ClearText())
                .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(MAX_STREAMS_PER_CONNECTION))
                .setMaxWebSocketFrameSize(MAX_FRAME_BYTES)
                .setMaxWebSocketMessageSize(MAX_FRAME_BYTES)
                .setWebSocketClosingTimeout(CLOSE_TIMEOUT_SECONDS)
                // Compression would use memory per connection, for messages of a few hundred bytes.
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false);
    }

    private Future<HttpServer> listen(HttpServerOptions options, Router router) {
        InboundSettings.Http http = settings.http();
        SlowRequestGuard slowRequestGuard = new SlowRequestGuard(vertx, http.requestTimeout(), http.idleTimeout());
        server = vertx.createHttpServer(options)
                .connectionHandler(slowRequestGuard::watch)
                .requestHandler(slowRequestGuard.trackRequests(router, requestSpans))
                .invalidRequestHandler(new InvalidRequestHandler(ERROR_RENDERERS));
        // Instances that listen on the same negative port share a free port; with 0 each would get its own.
        return server.listen(http.port() == 0 ? -1 : http.port(), http.host());
    }

    /** Returns the listening port. Callable after the start only. */
    public int port() {
        return server.actualPort();
    }

    private String publicUrl() {
        return settings.publicUrl() == null
                ? listeningUrl(settings.http(), port())
                : settings.publicUrl().toString();
    }

    /** Returns the URL of the listening address of the API. */
    public static String listeningUrl(InboundSettings.Http http, int port) {
        return listeningUrl(http.tls().isEnabled() ? "https" : "http", http.host(), port);
    }

    /** Returns the URL of a listening address for clients on the same machine: {@code localhost} for a wildcard address. */
    public static String listeningUrl(String scheme, String host, int port) {
        String name = host.equals("0.0.0.0") || host.equals("::") ? "localhost" : host;
        return scheme + "://" + (name.indexOf(':') >= 0 ? '[' + name + ']' : name) + ":" + port;
    }
}
