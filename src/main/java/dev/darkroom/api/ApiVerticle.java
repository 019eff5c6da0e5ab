package dev.darkroom.api;

import dev.darkroom.api.body.RequestBodyLimits;
import dev.darkroom.api.callback.ReceiveCallbackHandler;
import dev.darkroom.api.contract.ApiContract;
import dev.darkroom.api.contract.CommandClient;
import dev.darkroom.api.contract.ContractRouter;
import dev.darkroom.api.contract.JsonOperationHandler;
import dev.darkroom.api.contract.OperationHandler;
import dev.darkroom.api.fleet.FleetOperations;
import dev.darkroom.api.generation.CancelGenerationHandler;
import dev.darkroom.api.generation.CreateGenerationHandler;
import dev.darkroom.api.generation.DeleteGenerationHandler;
import dev.darkroom.api.generation.FinishedGenerationCache;
import dev.darkroom.api.generation.GenerationClient;
import dev.darkroom.api.generation.GenerationPresenter;
import dev.darkroom.api.generation.GenerationResponder;
import dev.darkroom.api.generation.GetGenerationHandler;
import dev.darkroom.api.generation.GetImageHandler;
import dev.darkroom.api.generation.GetModelsHandler;
import dev.darkroom.api.generation.ListGenerationsHandler;
import dev.darkroom.api.generation.OpenImageLimiter;
import dev.darkroom.api.generation.StreamGenerationEventsHandler;
import dev.darkroom.api.generation.UsageOperations;
import dev.darkroom.api.management.EraseUserHandler;
import dev.darkroom.api.management.GetOpenApiDocumentHandler;
import dev.darkroom.api.notification.NotificationClient;
import dev.darkroom.api.notification.OpenNotificationSocketHandler;
import dev.darkroom.api.notification.StreamNotificationsHandler;
import dev.darkroom.api.openai.EditOpenAiImageHandler;
import dev.darkroom.api.openai.ImageCallServices;
import dev.darkroom.api.openai.OpenAiImageResponder;
import dev.darkroom.api.openai.OpenAiOperations;
import dev.darkroom.api.openai.RetryAttachment;
import dev.darkroom.api.openai.error.OpenAiErrorRenderer;
import dev.darkroom.api.problem.ErrorRenderers;
import dev.darkroom.api.replicate.PredictionErrorRenderer;
import dev.darkroom.api.replicate.PredictionOperations;
import dev.darkroom.api.security.HostAndOriginPolicy;
import dev.darkroom.api.security.TlsCertificateReloader;
import dev.darkroom.api.stream.StreamAdmission;
import dev.darkroom.api.stream.StreamLimiter;
import dev.darkroom.api.stream.StreamRegistry;
import dev.darkroom.api.transport.InvalidRequestHandler;
import dev.darkroom.api.transport.SlowRequestGuard;
import dev.darkroom.api.upload.UploadOperations;
import dev.darkroom.api.webhook.WebhookOperations;
import dev.darkroom.auth.AuthServices;
import dev.darkroom.backend.callback.CallbackReceiver;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.fleet.FleetCommand;
import dev.darkroom.generation.watch.ProgressSubscribers;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.maintenance.ErasureCommand;
import dev.darkroom.notification.stream.NotificationHub;
import dev.darkroom.upload.UploadCommand;
import dev.darkroom.webhook.WebhookBus;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
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

    /** Added to the reply timeout of commands that resolve a host name. */
    private static final Duration DNS_LOOKUP_TIMEOUT = Duration.ofSeconds(5);

    /** Scheme, media type and padding of a data URL. */
    private static final int MAX_DATA_URL_PREFIX = 256;

    private static final ErrorRenderers ERROR_RENDERERS =
            new ErrorRenderers(List.of(new PredictionErrorRenderer(), new OpenAiErrorRenderer()));

    private final Settings settings;
    private final SharedServices sharedServices;
    private StreamRegistry streams;
    private StreamAdmission admission;
    private RetryAttachment retryAttachment;
    private HttpServer server;

    /**
     * Services shared by the instances of a process.
     *
     * @param processId of this process, as in the table of nodes
     * @param apiContract paths of the API port, see {@code ContractLoader}
     */
    public record SharedServices(
            UUID processId,
            ApiContract apiContract,
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
        admission = StreamAdmission.start(
                vertx,
                streams,
                sharedServices.streamLimiter(),
                sharedServices.authServices().credentialRevalidator(),
                settings.streams().revalidateInterval(),
                ThreadLocalRandom.current());
        return listen();
    }

    @Override
    public Future<?> stop() {
        return server == null
                ? Future.succeededFuture()
                : streams.closeAll("SHUTDOWN", DRAIN_SECONDS)
                        .compose(closed -> server.shutdown(SHUTDOWN_TIMEOUT_SECONDS, TimeUnit.SECONDS))
                        .eventually(retryAttachment::awaitReports);
    }

    private Future<HttpServer> listen() {
        ApiContract apiContract = sharedServices.apiContract();
        HostAndOriginPolicy policy = HostAndOriginPolicy.forApi(settings);
        InboundSettings.Http http = settings.http();
        Router router;
        // Builds one router at a time: the thread safety of the shared contract is not documented.
        synchronized (apiContract) {
            router = ContractRouter.create(
                    vertx,
                    apiContract,
                    operationHandlers(policy),
                    sharedServices.authServices(),
                    policy,
                    new RequestBodyLimits(http.maxBodyBytes(), http.requestTimeout()),
                    ERROR_RENDERERS);
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

    private List<OperationHandler> operationHandlers(HostAndOriginPolicy policy) {
        GenerationClient generations =
                new GenerationClient(vertx, settings.api().replyTimeout());
        GenerationPresenter presenter = new GenerationPresenter(this::publicUrl, InstantSource.system());
        GenerationResponder responder =
                new GenerationResponder(presenter, sharedServices.authServices().imageUrlSigner());
        NotificationClient notifications = new NotificationClient(
                vertx,
                settings.api().replyTimeout(),
                sharedServices.authServices().streamTickets());
        Duration maxWait = settings.generation().maxWait();
        List<OperationHandler> handlers = new ArrayList<>(List.of(
                CreateGenerationHandler.create(generations, responder, maxWait),
                CreateGenerationHandler.retry(generations, responder, maxWait),
                new ListGenerationsHandler(generations, presenter, responder),
                new GetGenerationHandler(generations, responder, sharedServices.finishedGenerations(), maxWait),
                new CancelGenerationHandler(generations, responder),
                new DeleteGenerationHandler(generations),
                new GetModelsHandler(generations),
                new EraseUserHandler(new CommandClient(
                        vertx, ErasureCommand.ADDRESS, settings.api().replyTimeout())),
                new StreamGenerationEventsHandler(vertx, generations, sharedServices.progress(), admission),
                GetImageHandler.forGet(generations, sharedServices.images(), sharedServices.openImageLimiter()),
                GetImageHandler.forHead(generations, sharedServices.images(), sharedServices.openImageLimiter()),
                new ReceiveCallbackHandler(sharedServices.callbackReceiver(), maxResponseBytes()),
                new JsonOperationHandler("listNotifications", 200, notifications::list),
                new JsonOperationHandler("createStreamTicket", 201, notifications::createTicket),
                new StreamNotificationsHandler(admission, sharedServices.hub()),
                new OpenNotificationSocketHandler(
                        new OpenNotificationSocketHandler.SocketServices(
                                streams,
                                admission,
                                sharedServices.hub(),
                                notifications,
                                sharedServices.authServices().streamTickets(),
                                sharedServices.authServices().failedLoginLimiter()),
                        policy),
                new JsonOperationHandler("acknowledgeNotifications", 200, notifications::acknowledge),
                new JsonOperationHandler("markNotificationRead", 200, notifications::markRead),
                new GetOpenApiDocumentHandler(sharedServices.apiContract())));
        OpenAiImageResponder openAiResponder =
                new OpenAiImageResponder(responder, sharedServices.images(), sharedServices.openImageLimiter());
        retryAttachment = new RetryAttachment(vertx, generations, sharedServices.processId(), settings.node());
        ImageCallServices imageCallServices = new ImageCallServices(
                generations, openAiResponder, retryAttachment, streams, ImageCallServices.Timings.of(settings));
        CommandClient uploads =
                new CommandClient(vertx, UploadCommand.ADDRESS, settings.api().replyTimeout());
        RequestBodyLimits uploadLimits = new RequestBodyLimits(
                settings.inputImages().maxBytes(), settings.inputImages().uploadTimeout());
        handlers.addAll(new OpenAiOperations(imageCallServices).handlers());
        handlers.add(new EditOpenAiImageHandler(imageCallServices, uploads, uploadLimits));
        handlers.addAll(new UsageOperations(generations).handlers());
        CommandClient webhooks =
                new CommandClient(vertx, WebhookBus.COMMANDS, settings.api().replyTimeout());
        handlers.addAll(new WebhookOperations(
                        webhooks, DNS_LOOKUP_TIMEOUT, settings.webhooks().timeout())
                .handlers());
        handlers.addAll(new PredictionOperations(
                        vertx,
                        generations,
                        responder,
                        webhooks,
                        uploads,
                        new PredictionOperations.Settings(this::publicUrl, maxWait, maxDataUrlBytes()))
                .handlers());
        handlers.addAll(new UploadOperations(uploads, uploadLimits).handlers());
        handlers.addAll(new FleetOperations(new CommandClient(
                        vertx, FleetCommand.ADDRESS, settings.api().replyTimeout()))
                .handlers());
        return handlers;
    }

    /** Returns the size of a data URL with the largest image that users may upload. */
    private int maxDataUrlBytes() {
        return settings.inputImages().maxBytes() / 3 * 4 + MAX_DATA_URL_PREFIX;
    }

    /** Returns the size limit of the AI servers, the largest one. */
    private int maxResponseBytes() {
        return settings.backends().stream()
                .mapToInt(BackendSettings::maxResponseBytes)
                .max()
                .orElseThrow();
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
                .requestHandler(slowRequestGuard.trackRequests(router))
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
