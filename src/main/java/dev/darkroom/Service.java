package dev.darkroom;

import static dev.darkroom.Lifecycle.await;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.access.Access;
import dev.darkroom.api.ApiVerticle;
import dev.darkroom.api.EndedGenerations;
import dev.darkroom.api.ManagementVerticle;
import dev.darkroom.api.OpenImages;
import dev.darkroom.api.StreamRoster;
import dev.darkroom.api.UnusableCertificateException;
import dev.darkroom.backend.BackendEvents;
import dev.darkroom.backend.Guard;
import dev.darkroom.backend.GuardVerticle;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.http.AnswerMemory;
import dev.darkroom.backend.openai.OpenAiImagesBackend;
import dev.darkroom.cluster.ClusterVerticle;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.EmbeddedDatabase;
import dev.darkroom.database.Hints;
import dev.darkroom.database.HintsVerticle;
import dev.darkroom.database.Migrations;
import dev.darkroom.egress.Egress;
import dev.darkroom.erasure.ErasureVerticle;
import dev.darkroom.generation.Backlog;
import dev.darkroom.generation.BacklogVerticle;
import dev.darkroom.generation.EndWatch;
import dev.darkroom.generation.EndWatchVerticle;
import dev.darkroom.generation.GenerationBus;
import dev.darkroom.generation.GenerationEndListener;
import dev.darkroom.generation.GenerationVerticle;
import dev.darkroom.generation.ProgressVerticle;
import dev.darkroom.generation.ProgressWatch;
import dev.darkroom.generation.SubmissionStore;
import dev.darkroom.generation.SweepVerticle;
import dev.darkroom.generation.WorkerVerticle;
import dev.darkroom.housekeeping.HorizonVerticle;
import dev.darkroom.housekeeping.HousekeepingVerticle;
import dev.darkroom.housekeeping.ImageDirectoryStore;
import dev.darkroom.housekeeping.ImageStoreVerticle;
import dev.darkroom.image.ImageStore;
import dev.darkroom.image.ImageStoreHealth;
import dev.darkroom.image.LocalImageStore;
import dev.darkroom.inbound.InboundConnections;
import dev.darkroom.node.Node;
import dev.darkroom.node.NodeVerticle;
import dev.darkroom.notification.NotificationBus;
import dev.darkroom.notification.StreamHub;
import io.github.bucket4j.TimeMeter;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.json.JsonArray;
import java.net.URI;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the rooms together. The order of starting is, backwards, the order of stopping. */
final class Service {
    private static final Logger LOG = LoggerFactory.getLogger(Service.class);

    /** As much of the heap as answers that wait for their readers may take together. */
    private static final int PARTS_OF_HEAP_UNSENT = 8;

    private final Settings settings;
    private final Lifecycle lifecycle;
    private final AtomicBoolean accepting = new AtomicBoolean();
    private final List<Guard> guards = new CopyOnWriteArrayList<>();
    private final ImageStoreHealth imageHealth = new ImageStoreHealth();
    private final EndWatch endWatch = new EndWatch();
    private final ProgressWatch progress = new ProgressWatch();
    /** Features that want to be told of a generation's end. */
    private final List<GenerationEndListener> endListeners = new CopyOnWriteArrayList<>();

    private Service(Settings settings, Lifecycle lifecycle) {
        this.settings = settings;
        this.lifecycle = lifecycle;
    }

    /** Starts the service; what was started is left with {@code lifecycle}, also when it fails. Blocking. */
    static Running start(Settings settings, Lifecycle lifecycle) throws Exception {
        Running running = new Service(settings, lifecycle).start();
        Banner.print(settings, running);
        return running;
    }

    /**
     * Where a started service is to be found.
     *
     * @param apiPort 0 when this process serves no API
     * @param aiServer the AI server in use
     */
    record Running(int apiPort, int managementPort, URI aiServer, DatabaseUrl database) {}

    private Running start() throws Exception {
        LOG.atInfo()
                .addKeyValue("version", Version.current())
                .addKeyValue("dataDir", settings.dataDir())
                .log("service starting");
        DatabaseUrl url = settings.database().url() == null
                ? embedded()
                : settings.database().url();
        // A pooler in transaction mode is no place for migrations and LISTEN.
        DatabaseUrl direct =
                settings.database().url() == null ? url : settings.database().server();
        Migrations.migrate(direct, settings.database());

        // Nothing blocks an event loop. With more of them than cores, a request that passes from one to another
        // would only make the cores switch between threads.
        Settings.Connections limits = Descriptors.connections(settings, Descriptors.limit());
        InboundConnections inbound = new InboundConnections(
                limits.max(),
                limits.perAddress(),
                Runtime.getRuntime().maxMemory() / PARTS_OF_HEAP_UNSENT,
                settings.streams().patience());
        Vertx vertx = Vertx.builder()
                .with(new VertxOptions()
                        .setEventLoopPoolSize(Runtime.getRuntime().availableProcessors()))
                .withTransport(inbound.transport())
                .build();
        vertx.exceptionHandler(new Uncaught());
        lifecycle.started("vertx", vertx::close);
        URI aiServer = settings.backend().url() == null
                ? simulator(vertx, inbound)
                : settings.backend().url();

        Database database = Database.open(vertx, url, settings.database());
        lifecycle.started("database pools", database::close);
        HintsVerticle listener = new HintsVerticle(direct, settings.database());
        lifecycle.deploy(vertx, "hints", listener);
        Hints hints = listener.hints();
        ImageBackend backend = new OpenAiImagesBackend(
                vertx,
                settings.backend(),
                aiServer,
                memory(),
                settings.outbound().maxHeaderBytes());
        lifecycle.started("backend", backend::close);
        ImageStore images = await(ImageDirectoryStore.identity(database)
                .compose(identity -> LocalImageStore.open(vertx, settings.imageDir(), identity)));

        NotificationService notifications = NotificationService.deploy(vertx, settings, lifecycle, database, hints);
        endListeners.add(notifications.records());
        Node node = new Node(System::nanoTime);
        HorizonVerticle horizon =
                new HorizonVerticle(database, settings.database().horizonAlarm());
        ManagementVerticle management = management(vertx, database, node, horizon);
        inbound.separate(management.port());
        lifecycle.deploy(vertx, "node", new NodeVerticle(node, database, settings.node(), Version.current()));
        lifecycle.deploy(vertx, "sweep", new SweepVerticle(database, hints, settings, endListeners));
        lifecycle.deploy(vertx, "horizon", horizon);
        lifecycle.deploy(vertx, "erasure", new ErasureVerticle(database, hints, images));
        lifecycle.deploy(vertx, "housekeeping", new HousekeepingVerticle(database, images, settings.retention()));
        deployGenerations(
                vertx, database, hints, images, notifications.webhooks().egress());
        // Until the last attempt has ended its end is told to the cluster, and until it has left there is somebody to
        // answer.
        deployCluster(vertx);
        // Before the worker, so that what its last attempts come to is still sent.
        notifications.webhooks().deploy(node, notifications.records());
        deployWorker(vertx, node, backend, database, hints, images);
        int apiPort = deployApi(vertx, database, images, notifications.hub());
        inbound.limitHeads(apiPort, settings.http().requestTimeout());

        accepting.set(true);
        lifecycle.started("accepting", () -> {
            accepting.set(false);
            endWatch.close();
            return NodeVerticle.drain(node, database);
        });
        return new Running(apiPort, management.port(), aiServer, url);
    }

    private DatabaseUrl embedded() {
        EmbeddedDatabase embedded = EmbeddedDatabase.start(settings.dataDir());
        lifecycle.started("embedded database", () -> {
            embedded.close();
            return Future.succeededFuture();
        });
        return embedded.url();
    }

    private URI simulator(Vertx vertx, InboundConnections inbound) throws Exception {
        int port = SimulatorService.deploy(vertx, settings.simulator());
        inbound.exempt(port);
        return URI.create("http://127.0.0.1:" + port + "/v1");
    }

    private AnswerMemory memory() {
        int calls = settings.worker().concurrency();
        long heap = Runtime.getRuntime().maxMemory();
        AnswerMemory memory =
                new AnswerMemory(heap, Math.max(1, calls), settings.backend().maxResponseBytes());
        if (calls > 0 && !memory.suffices()) {
            LOG.atWarn()
                    .addKeyValue("heapBytes", heap)
                    .addKeyValue("neededBytes", memory.needed())
                    .log("the heap may not suffice for large answers");
        }
        return memory;
    }

    private ManagementVerticle management(Vertx vertx, Database database, Node node, HorizonVerticle horizon)
            throws Exception {
        ManagementVerticle management = new ManagementVerticle(
                settings.management(),
                Map.of(
                        "accepting", () -> check(accepting.get()),
                        "database", database::ping,
                        "images", () -> check(!imageHealth.failing()),
                        "node", () -> check(node.trusted().isPresent()),
                        "databaseClock", () -> check(node.clockSteady())),
                () -> new JsonArray(guards.stream().map(Guard::toJson).toList()),
                () -> node.toJson().put("imageStore", imageHealth.toJson()),
                horizon::seen);
        try {
            lifecycle.deploy(vertx, "management", management);
        } catch (Exception e) {
            Settings.Management at = settings.management();
            throw Ports.explain(e, "DARKROOM_MANAGEMENT", at.host(), at.port());
        }
        return management;
    }

    private void deployGenerations(Vertx vertx, Database database, Hints hints, ImageStore images, Egress egress)
            throws Exception {
        SecureRandom random = new SecureRandom();
        Backlog backlog = new Backlog();
        SubmissionStore submissions =
                new SubmissionStore(database, GenerationVerticle.DEFAULT_ROUTE, settings.generation());
        if (settings.generation().instances() > 0) {
            lifecycle.deploy(
                    vertx,
                    "backlog",
                    new BacklogVerticle(backlog, submissions, settings.node().heartbeat()));
            lifecycle.deploy(vertx, "end watch", new EndWatchVerticle(endWatch, database, hints));
            lifecycle.deploy(vertx, "progress", new ProgressVerticle(progress, database, hints));
        }
        GenerationVerticle.Shared shared = new GenerationVerticle.Shared(
                database, submissions, hints, images, backlog, endWatch, endListeners, egress);
        lifecycle.deploy(
                vertx,
                "generation",
                settings.generation().instances(),
                () -> new GenerationVerticle(
                        shared, settings.generation(), settings.backend().model(), random));
    }

    private void deployCluster(Vertx vertx) throws Exception {
        Settings.Cluster at = settings.cluster();
        if (at.enabled()) {
            Ports.check("DARKROOM_CLUSTER", at.host(), at.port());
            Ports.check("DARKROOM_CLUSTER_BUS", at.host(), at.busPort());
            lifecycle.deploy(
                    vertx,
                    "cluster",
                    new ClusterVerticle(
                            at,
                            List.of(GenerationBus.EVENTS, NotificationBus.EVENTS, BackendEvents.ADDRESS),
                            settings.generation().instances() > 0,
                            // A command may wait for an end.
                            settings.api()
                                    .replyTimeout()
                                    .plus(settings.generation().maxWait())));
        }
    }

    private void deployWorker(
            Vertx vertx, Node node, ImageBackend backend, Database database, Hints hints, ImageStore images)
            throws Exception {
        int concurrency = settings.worker().concurrency();
        if (concurrency > 0) {
            GuardVerticle owner = new GuardVerticle(context -> new Guard(
                    context,
                    backend,
                    concurrency,
                    settings.backend().breaker(),
                    settings.retry().maxRetryAfter(),
                    System::nanoTime));
            lifecycle.deploy(vertx, "guard", owner);
            Guard guard = owner.guard();
            guards.add(guard);
            lifecycle.deploy(vertx, "image store check", new ImageStoreVerticle(images, imageHealth));
            String id = await(vertx.deployVerticle(new WorkerVerticle(
                    node, guard, backend.name(), database, hints, images, imageHealth, settings, endListeners)));
            lifecycle.started("worker", settings.shutdown().grace(), () -> vertx.undeploy(id));
        }
    }

    private int deployApi(Vertx vertx, Database database, ImageStore images, StreamHub hub) throws Exception {
        Access access = Entrance.open(vertx, database, settings);
        EndedGenerations ended = new EndedGenerations(Ticker.systemTicker());
        StreamRoster roster = new StreamRoster(Descriptors.within(settings.streams()), TimeMeter.SYSTEM_NANOTIME);
        ApiVerticle.Shared shared = new ApiVerticle.Shared(
                await(ApiVerticle.contract(vertx)),
                images,
                access,
                ended,
                hub,
                progress,
                roster,
                new OpenImages(Descriptors.images(Descriptors.limit())));
        List<ApiVerticle> verticles = new CopyOnWriteArrayList<>();
        try {
            lifecycle.deploy(vertx, "api", settings.api().instances(), () -> {
                ApiVerticle verticle = new ApiVerticle(settings, shared);
                verticles.add(verticle);
                return verticle;
            });
        } catch (Exception e) {
            Settings.Http at = settings.http();
            if (e instanceof UnusableCertificateException certificate) {
                throw new StartException(
                        "DARKROOM_HTTP_TLS_CERT_FILE, DARKROOM_HTTP_TLS_KEY_FILE: expected a certificate and its"
                                + " private key in PEM (" + certificate.getMessage() + ")");
            }
            throw Ports.explain(e, "DARKROOM_HTTP", at.host(), at.port());
        }
        return verticles.isEmpty() ? 0 : verticles.get(0).port();
    }

    private static Future<Void> check(boolean well) {
        return well ? Future.succeededFuture() : Future.failedFuture("no");
    }
}
