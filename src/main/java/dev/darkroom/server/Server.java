package dev.darkroom.server;

import static dev.darkroom.server.ProcessLifecycle.await;

import dev.darkroom.api.ApiVerticle;
import dev.darkroom.api.contract.ContractLoader;
import dev.darkroom.api.transport.ConnectionMetrics;
import dev.darkroom.api.transport.InboundConnectionLimiter;
import dev.darkroom.auth.CallbackTokens;
import dev.darkroom.auth.UrlSigningKeys;
import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.ParametersSchema;
import dev.darkroom.backend.callback.CallbackBackend.CallbackServices;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.InboundSettings;
import dev.darkroom.config.NodeRole;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.database.DatabaseStartup;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.database.NotifyChannelMetrics;
import dev.darkroom.database.NotifyChannelVerticle;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.fleet.FleetVerticle;
import dev.darkroom.fleet.QueueMetrics;
import dev.darkroom.generation.route.ModelCatalog;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.image.store.MeasuredImageStore;
import dev.darkroom.maintenance.ErasureVerticle;
import dev.darkroom.maintenance.InstallationStore;
import dev.darkroom.maintenance.MaintenanceMetrics;
import dev.darkroom.maintenance.RetentionTask;
import dev.darkroom.maintenance.UserErasureService;
import dev.darkroom.maintenance.VacuumBlockerMonitor;
import dev.darkroom.node.LocalNode;
import dev.darkroom.node.NodeHeartbeatVerticle;
import dev.darkroom.node.NodeMetrics;
import dev.darkroom.notification.TracedFinishListener;
import dev.darkroom.task.PeriodicTaskVerticle;
import dev.darkroom.telemetry.ProcessMetrics;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.net.URI;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates and starts the components of the server. The stop order is the reverse of the start order. */
public final class Server {
    private static final Logger LOG = LoggerFactory.getLogger(Server.class);

    /** Unsent response bytes of all connections may use the heap divided by this. */
    private static final int UNSENT_HEAP_DIVISOR = 8;

    private final Settings settings;
    private final ProcessMetrics metrics;
    private final ProcessLifecycle processLifecycle;
    private final AtomicBoolean accepting = new AtomicBoolean();

    /** Port of the API; 0 for a free port until it is bound. */
    private final AtomicInteger listeningPort;

    private Server(Settings settings, ProcessLifecycle processLifecycle, ProcessMetrics metrics) {
        this.settings = settings;
        this.metrics = metrics;
        this.processLifecycle = processLifecycle;
        this.listeningPort = new AtomicInteger(settings.http().port());
    }

    /**
     * Starts the server and prints the banner. Registers every started component with {@code processLifecycle}, also when a
     * later one fails. Blocks until requests are accepted.
     */
    public static RunningServer start(Settings settings, ProcessLifecycle processLifecycle) throws Exception {
        return start(settings, processLifecycle, MetricsModule.create());
    }

    /**
     * As {@link #start(Settings, ProcessLifecycle)}.
     *
     * @param metrics closed when the process stops
     */
    public static RunningServer start(Settings settings, ProcessLifecycle processLifecycle, ProcessMetrics metrics)
            throws Exception {
        RunningServer runningServer = new Server(settings, processLifecycle, metrics).start();
        StartupBanner.print(settings, runningServer);
        return runningServer;
    }

    /**
     * Addresses of a started server.
     *
     * @param apiPort 0 without the role {@code api}
     * @param aiServers base URLs of the AI servers in use
     * @param database as the pool uses it, possibly through a pooler
     * @param images location of the image store
     */
    public record RunningServer(
            int apiPort, int managementPort, List<URI> aiServers, DatabaseUrl database, String images) {}

    private RunningServer start() throws Exception {
        LOG.atInfo()
                .addKeyValue("version", BuildVersion.current())
                .addKeyValue("dataDir", settings.dataDir())
                .log("server starting");
        boolean embedded = settings.database().url() == null;
        DatabaseUrl url =
                embedded ? startEmbeddedDatabase() : settings.database().url();
        // No task blocks an event loop, so one per core suffices. More would only add context switches.
        InboundSettings.Connections limits =
                FileDescriptorLimit.limitConnections(settings, FileDescriptorLimit.maxOpenFiles());
        InboundConnectionLimiter inbound = new InboundConnectionLimiter(
                limits.max(),
                limits.perAddress(),
                Runtime.getRuntime().maxMemory() / UNSENT_HEAP_DIVISOR,
                settings.streams().slowConsumerTimeout());
        processLifecycle.addStopStep("metrics", () -> {
            metrics.close();
            return Future.succeededFuture();
        });
        Vertx vertx = Vertx.builder()
                .with(new VertxOptions()
                        .setEventLoopPoolSize(Runtime.getRuntime().availableProcessors())
                        .setMetricsOptions(metrics.vertxOptions()))
                .withMetrics(metrics.vertxFactory())
                .withTransport(inbound.transport())
                .build();
        vertx.exceptionHandler(new UncaughtExceptionLogger());
        LocalNode localNode = new LocalNode(System::nanoTime);
        TracingModule.start(settings, vertx, localNode, processLifecycle);
        processLifecycle.addStopStep("vertx", vertx::close);
        MetricsModule.deployEventLoopMonitor(vertx, metrics, processLifecycle);
        metrics.bind(new ConnectionMetrics(inbound));
        // Migrations and LISTEN need a session, which a pooler in transaction mode does not provide.
        DatabaseUrl direct = embedded ? url : settings.database().unpooledUrl();
        DatabaseStartup startup = new DatabaseStartup(settings.database(), processLifecycle::awaitSignal);
        Future<ContractLoader.Contracts> loading = ContractLoader.load(vertx);
        try {
            DatabaseMigrator.migrate(direct, settings.database(), startup);
        } finally {
            // Also after a failure, because Vert.x must not close while the contract is loaded.
            await(loading.otherwiseEmpty());
        }
        ContractLoader.Contracts contracts = await(loading);

        boolean simulated = settings.backends().stream().anyMatch(backend -> backend.url() == null);
        URI simulatorUrl = simulated ? startSimulator(vertx, inbound) : null;

        Database database = Database.open(vertx, url, settings.database());
        processLifecycle.addStopStep("database pools", database::close);
        startup.awaitPools(database, url);
        await(InstallationStore.requireVersion(database, BuildVersion.current()));
        NotifyChannelVerticle notifyChannelVerticle = new NotifyChannelVerticle(direct, settings.database());
        processLifecycle.deploy(vertx, "notify channel", notifyChannelVerticle);
        NotifyChannel notifyChannel = notifyChannelVerticle.channel();
        BackendFactory backendFactory = new BackendFactory(
                vertx,
                settings,
                simulatorUrl,
                GenerationModule.createResponseMemoryBudget(settings),
                new CallbackServices(
                        database,
                        notifyChannel,
                        new CallbackTokens(
                                new UrlSigningKeys(vertx, database, InstantSource.system(), System::nanoTime),
                                InstantSource.system()),
                        this::publicUrl));
        List<ImageBackend> backends = new ArrayList<>();
        List<BackendCapabilities> capabilities = new ArrayList<>();
        Map<String, ParametersSchema> parameters = backendFactory.loadParametersSchemas();
        for (BackendSettings backendSettings : settings.backends()) {
            ParametersSchema schema = parameters.get(backendSettings.name());
            ImageBackend backend = backendFactory.create(backendSettings, schema);
            backends.add(backend);
            capabilities.add(new BackendCapabilities(backendSettings, backend, schema));
            processLifecycle.addStopStep("backend", backend::close);
        }
        ImageStoreOwner installation = await(InstallationStore.readIdentity(database));
        ImageStore images = new MeasuredImageStore(
                await(ImageStoreFactory.open(vertx, settings, installation)), metrics.registry());
        processLifecycle.addStopStep("image store", images::close);

        ServerResources resources =
                new ServerResources(vertx, settings, processLifecycle, metrics, database, notifyChannel, images);
        KafkaModule kafka = new KafkaModule(resources, installation.databaseId());
        NotificationModule notifications = NotificationModule.deploy(resources, localNode.databaseTime());
        GenerationModule generations = new GenerationModule(
                resources,
                new ModelCatalog(settings.models(), capabilities),
                List.of(new TracedFinishListener(notifications.notificationWriter(), Tracing.of(vertx))));
        VacuumBlockerMonitor vacuumBlockers =
                new VacuumBlockerMonitor(database, settings.database().longTransactionWarning());
        int managementPort = ManagementModule.deploy(
                resources, contracts.management(), localNode, generations, kafka, vacuumBlockers, accepting::get);
        inbound.countSeparately(managementPort);
        metrics.addHttpServer(managementPort, "MANAGEMENT");
        processLifecycle.deploy(
                vertx, "node", new NodeHeartbeatVerticle(localNode, database, settings.node(), BuildVersion.current()));
        generations.deployReaper();
        UserErasureService erasure = new UserErasureService(vertx, database, notifyChannel, images);
        if (settings.hasRole(NodeRole.API)) {
            processLifecycle.deploy(vertx, "user erasure", new ErasureVerticle(erasure));
        }
        RetentionTask retention = new RetentionTask(
                vertx,
                database,
                images,
                settings.retention(),
                settings.notifications().retention());
        List<PeriodicTaskVerticle.Task> tasks = new ArrayList<>(generations.periodicTasks());
        QueueMetrics queues = new QueueMetrics(database, System::nanoTime);
        tasks.addAll(List.of(vacuumBlockers.task(), erasure.resumeTask(), retention.task(), queues.task()));
        metrics.bind(
                new NotifyChannelMetrics(notifyChannel),
                new NodeMetrics(localNode),
                new MaintenanceMetrics(retention, vacuumBlockers),
                queues);
        processLifecycle.deploy(vertx, "periodic tasks", new PeriodicTaskVerticle(tasks));
        if (settings.hasRole(NodeRole.API)) {
            notifications.deployCommands(resources);
            generations.deployCommands(notifications.webhooks().egressPolicy(), backends);
        }
        // Starts after the generation verticles and before the worker. On stop, the cluster therefore receives the
        // events of the last attempts, and its commands get replies until the node leaves.
        ClusterModule.deploy(resources);
        // Starts before the worker. On stop, the outcomes of the last attempts are therefore still delivered.
        if (settings.hasRole(NodeRole.NOTIFIER)) {
            notifications.webhooks().deploySender(localNode, notifications.notificationWriter(), this::publicUrl);
            kafka.deployPublisher(localNode);
        }
        List<BackendExecutor> executors =
                settings.hasRole(NodeRole.WORKER) ? generations.deployExecutors(backends) : List.of();
        localNode.reportBackends(generations::backendsToJson);
        // Starts before the worker, which must not call a drained AI server.
        processLifecycle.deploy(
                vertx,
                "fleet",
                new FleetVerticle(database, notifyChannel, settings, localNode::validId, executors, capabilities));
        if (settings.hasRole(NodeRole.WORKER)) {
            generations.deployWorker(localNode);
        }
        int apiPort = 0;
        if (settings.hasRole(NodeRole.API)) {
            apiPort = ApiModule.deploy(
                    resources,
                    localNode.processId(),
                    contracts.api(),
                    WebModule.load(resources, simulatorUrl, this::publicUrl),
                    notifications.hub(),
                    generations.progressSubscribers());
            listeningPort.set(apiPort);
            metrics.addHttpServer(apiPort, "API");
            inbound.limitRequestHeads(apiPort, settings.http().requestTimeout());
        }

        accepting.set(true);
        processLifecycle.addStopStep("readiness", () -> {
            accepting.set(false);
            generations.closeCompletionWaiters();
            return NodeHeartbeatVerticle.drain(localNode, database);
        });
        List<URI> aiServers =
                settings.backends().stream().map(backendFactory::baseUrl).toList();
        return new RunningServer(apiPort, managementPort, aiServers, url, images.location());
    }

    /** Returns the URL of the API; without {@code publicUrl} that of the listening address. */
    private String publicUrl() {
        return settings.publicUrl() == null
                ? ApiVerticle.listeningUrl(settings.http(), listeningPort.get())
                : settings.publicUrl().toString();
    }

    private DatabaseUrl startEmbeddedDatabase() {
        EmbeddedDatabase embedded = EmbeddedDatabase.start(settings.dataDir());
        processLifecycle.addStopStep("embedded database", () -> {
            embedded.close();
            return Future.succeededFuture();
        });
        return embedded.url();
    }

    private URI startSimulator(Vertx vertx, InboundConnectionLimiter inbound) throws Exception {
        int port = SimulatorLauncher.deploy(vertx, settings.simulator());
        inbound.exemptPort(port);
        return URI.create("http://127.0.0.1:" + port + "/v1");
    }
}
