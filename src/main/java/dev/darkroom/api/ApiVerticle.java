package dev.darkroom.api;

import dev.darkroom.access.Access;
import dev.darkroom.config.Settings;
import dev.darkroom.erasure.ErasureBus;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.ProgressWatch;
import dev.darkroom.image.ImageStore;
import dev.darkroom.notification.StreamHub;
import dev.darkroom.webhook.WebhookBus;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.ext.web.Router;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;

/**
 * The HTTP edge. Any number of instances share one port. Keeps no state: it checks requests against the contract and
 * dispatches them to the generation verticles over the event bus.
 */
public final class ApiVerticle extends VerticleBase {
    /** How long requests in flight may take to finish when the process stops. Longer than any of them may take. */
    private static final long SHUTDOWN_SECONDS = 15;

    /**
     * What the operating system keeps of an answer that is not read yet. Left to itself, Linux lets it grow to 4 MB for each of
     * those who never read. A far reader of pictures, 100 ms away, still gets 2.5 MB a second.
     */
    private static final int SEND_BUFFER_BYTES = 256 * 1024;

    /** Of one HTTP/2 connection at once: each costs memory before it is answered. */
    private static final int STREAMS_PER_CONNECTION = 32;

    /** Limit of a WebSocket frame and message: four bytes for each of the 4,096 characters of the longest text. */
    private static final int FRAME_BYTES = 16 * 1024;

    /** How long a WebSocket may take to say goodbye too: a stop waits for it. */
    private static final int CLOSING_SECONDS = 2;

    /** The time over which a stop closes all streams and sockets, in seconds, so that their clients do not reconnect at once. */
    public static final int DRAIN_SECONDS = 15;

    /** How much longer than others a command may take that has a name looked up. */
    private static final Duration LOOKUP = Duration.ofSeconds(5);

    private final Settings settings;
    private final Shared shared;
    private EventStreams streams;
    private StreamDesk desk;
    private HttpServer server;

    /**
     * What the instances of a process share.
     *
     * @param contract as {@link #contract} read it: reading it takes longer than all else that starts
     */
    public record Shared(
            Contract contract,
            ImageStore images,
            Access access,
            EndedGenerations ended,
            StreamHub hub,
            ProgressWatch progress,
            StreamRoster roster,
            OpenImages openImages) {}

    public ApiVerticle(Settings settings, Shared shared) {
        this.settings = settings;
        this.shared = shared;
    }

    @Override
    public Future<?> start() {
        vertx.eventBus()
                .localConsumer(GenerationBus.FORGET, deleted -> shared.ended().forget());
        streams = EventStreams.start(
                vertx,
                EventStreams.Pace.usual((int) settings.streams().patience().toSeconds()),
                ThreadLocalRandom.current());
        desk = StreamDesk.start(
                vertx,
                streams,
                shared.roster(),
                shared.access().rights(),
                settings.streams().recheck(),
                ThreadLocalRandom.current());
        return listen();
    }

    @Override
    public Future<?> stop() {
        return server == null
                ? Future.succeededFuture()
                : streams.dismiss("DEPLOY", DRAIN_SECONDS)
                        .compose(gone -> server.shutdown(SHUTDOWN_SECONDS, TimeUnit.SECONDS));
    }

    /** What all instances of a process answer by. */
    public static Future<Contract> contract(Vertx vertx) {
        return ContractLoader.api(vertx);
    }

    private Future<HttpServer> listen() {
        Contract contract = shared.contract();
        GenerationClient generations =
                new GenerationClient(vertx, settings.api().replyTimeout());
        GenerationPresenter presenter = new GenerationPresenter(this::publicUrl, InstantSource.system());
        GenerationAnswer answer =
                new GenerationAnswer(presenter, shared.access().links());
        NotificationClient notifications =
                new NotificationClient(vertx, settings.api().replyTimeout());
        Duration maxWait = settings.generation().maxWait();
        BrowserPolicy policy = BrowserPolicy.ofApi(settings);
        List<OperationHandler> handlers = new ArrayList<>(List.of(
                MakeGeneration.create(generations, answer, maxWait),
                MakeGeneration.retry(generations, answer, maxWait),
                new ListGenerations(generations, presenter, answer),
                new GetGeneration(generations, answer, shared.ended(), maxWait),
                new CancelGeneration(generations, answer),
                new DeleteGeneration(generations),
                new EraseUser(
                        new BusClient(vertx, ErasureBus.COMMANDS, settings.api().replyTimeout())),
                new GetGenerationEvents(vertx, generations, shared.progress(), desk),
                GetImage.get(generations, shared.images(), shared.openImages()),
                GetImage.head(generations, shared.images(), shared.openImages()),
                new Asked("listNotifications", notifications::list),
                new MintTicket(shared.access().tickets()),
                new StreamNotifications(desk, shared.hub(), InstantSource.system()),
                new OpenSocket(
                        new OpenSocket.Shared(
                                streams,
                                desk,
                                shared.hub(),
                                notifications,
                                shared.access().tickets(),
                                shared.access().failures(),
                                InstantSource.system()),
                        policy),
                new Asked("acknowledgeNotifications", notifications::ack),
                new Asked(
                        "readNotification",
                        exchange -> notifications.read(exchange, exchange.parameter("notificationId"))),
                new GetContract(contract)));
        handlers.addAll(WebhookOperation.all(
                new BusClient(vertx, WebhookBus.COMMANDS, settings.api().replyTimeout()),
                LOOKUP,
                settings.webhooks().timeout()));
        Settings.Http http = settings.http();
        Router router;
        synchronized (contract) {
            router = ContractRouter.create(
                    vertx,
                    contract,
                    handlers,
                    shared.access(),
                    policy,
                    new BodyLimits(http.maxBodyBytes(), http.requestTimeout()));
        }
        HttpServerOptions options = new HttpServerOptions()
                .setIdleTimeout((int) http.idleTimeout().toMillis())
                .setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
                .setSendBufferSize(SEND_BUFFER_BYTES)
                .setHttp2ClearTextEnabled(settings.connections().http2ClearText())
                .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(STREAMS_PER_CONNECTION))
                .setMaxWebSocketFrameSize(FRAME_BYTES)
                .setMaxWebSocketMessageSize(FRAME_BYTES)
                .setWebSocketClosingTimeout(CLOSING_SECONDS)
                // Memory of its own for each connection, for texts of a few hundred bytes.
                .setPerFrameWebSocketCompressionSupported(false)
                .setPerMessageWebSocketCompressionSupported(false);
        if (!http.tls().spoken()) {
            return listen(options, router);
        }
        Certificate certificate = new Certificate(vertx, http.tls());
        return certificate
                .into(options)
                .compose(secure -> listen(secure, router))
                .onSuccess(certificate::keepUpToDate);
    }

    private Future<HttpServer> listen(HttpServerOptions options, Router router) {
        Settings.Http http = settings.http();
        SlowSenders slowSenders = new SlowSenders(vertx, http.requestTimeout(), http.idleTimeout());
        server = vertx.createHttpServer(options)
                .connectionHandler(slowSenders::watch)
                .requestHandler(slowSenders.arrived(router))
                .invalidRequestHandler(new InvalidRequest());
        // Instances that ask for the same negative port share a free one; with 0 each would get its own.
        return server.listen(http.port() == 0 ? -1 : http.port(), http.host());
    }

    /** The port listened on, once started. */
    public int port() {
        return server.actualPort();
    }

    private String publicUrl() {
        return settings.publicUrl() == null
                ? listeningUrl(settings.http(), port())
                : settings.publicUrl().toString();
    }

    /** The URL of the API's listening address. */
    public static String listeningUrl(Settings.Http http, int port) {
        return listeningUrl(http.tls().spoken() ? "https" : "http", http.host(), port);
    }

    /** The URL of a listening address, as somebody on the same machine would write it. */
    public static String listeningUrl(String scheme, String host, int port) {
        String name = host.equals("0.0.0.0") || host.equals("::") ? "localhost" : host;
        return scheme + "://" + (name.indexOf(':') >= 0 ? '[' + name + ']' : name) + ":" + port;
    }
}
