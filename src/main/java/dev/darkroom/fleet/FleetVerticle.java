package dev.darkroom.fleet;

import dev.darkroom.backend.BackendCapabilities;
import dev.darkroom.backend.ServerLimits;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.backend.executor.BackendJson;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.ModelSettings;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.eventbus.CommandContext;
import dev.darkroom.eventbus.CommandDispatcher;
import dev.darkroom.eventbus.CommandReply;
import dev.darkroom.fleet.FleetCommand.DrainBackend;
import dev.darkroom.fleet.FleetCommand.EnableBackend;
import dev.darkroom.fleet.FleetCommand.GetBackends;
import dev.darkroom.fleet.FleetCommand.GetNodes;
import dev.darkroom.fleet.FleetCommand.GetQueue;
import dev.darkroom.fleet.FleetResult.BackendOnNode;
import dev.darkroom.fleet.FleetResult.BackendStatus;
import dev.darkroom.fleet.FleetResult.BackendStatusList;
import dev.darkroom.fleet.FleetResult.DeliveryQueue;
import dev.darkroom.fleet.FleetResult.ModelQueue;
import dev.darkroom.fleet.FleetResult.NodeStatus;
import dev.darkroom.fleet.FleetResult.NodeStatusList;
import dev.darkroom.fleet.FleetResult.QueueStatus;
import dev.darkroom.fleet.FleetResult.ReadLimits;
import dev.darkroom.fleet.FleetStore.Drain;
import dev.darkroom.fleet.FleetStore.RouteQueue;
import dev.darkroom.signal.ChangeSignal;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Applies drains to the backend executors of this process and handles the commands on {@link FleetCommand#ADDRESS}. One instance per
 * process. Its start completes when the drains are applied, so a worker that starts later calls no drained backend.
 */
public final class FleetVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(FleetVerticle.class);

    /** Signals that a backend was drained or enabled. */
    private static final ChangeSignal DRAINS = new ChangeSignal("drains");

    private final FleetStore store;
    private final NotifyChannel notifyChannel;
    private final Settings settings;
    private final Supplier<Optional<UUID>> nodeId;
    private final List<BackendExecutor> executors;
    private final Map<String, BackendCapabilities> capabilities;
    private Future<Map<String, Drain>> lastRead = Future.succeededFuture(Map.of());
    private PeriodicTask pollTask;

    /**
     * @param nodeId id of this process as a node; empty while it is not registered
     * @param executors of this process; empty when it calls no AI server
     * @param capabilities of all backends
     */
    public FleetVerticle(
            Database database,
            NotifyChannel notifyChannel,
            Settings settings,
            Supplier<Optional<UUID>> nodeId,
            List<BackendExecutor> executors,
            List<BackendCapabilities> capabilities) {
        this.capabilities = capabilities.stream()
                .collect(Collectors.toUnmodifiableMap(
                        backend -> backend.settings().name(), Function.identity()));
        this.store = new FleetStore(database);
        this.notifyChannel = notifyChannel;
        this.settings = settings;
        this.nodeId = nodeId;
        this.executors = List.copyOf(executors);
    }

    @Override
    public Future<?> start() {
        Future<?> applied = applyDrains();
        pollTask = DRAINS.subscribe(
                vertx,
                notifyChannel,
                settings.node().heartbeatInterval(),
                key -> applyDrains()
                        .onFailure(error -> LOG.atDebug()
                                .addKeyValue("reason", error.getMessage())
                                .log("drained backends not read")));
        return Future.all(
                applied,
                new CommandDispatcher(FleetCommand.class)
                        .on(GetBackends.class, context -> getBackends())
                        .on(DrainBackend.class, this::drain)
                        .on(EnableBackend.class, this::enable)
                        .on(
                                GetNodes.class,
                                context ->
                                        findLiveNodes().map(nodes -> CommandReply.completed(new NodeStatusList(nodes))))
                        .on(GetQueue.class, context -> getQueue())
                        .register(vertx, FleetCommand.ADDRESS));
    }

    @Override
    public Future<?> stop() {
        return pollTask.stop();
    }

    /** Reads the drains and applies them. Reads one after another, so that no older state replaces a newer one. */
    private Future<Map<String, Drain>> applyDrains() {
        lastRead = lastRead.otherwiseEmpty()
                .compose(previous -> store.findDrained())
                .onSuccess(drains ->
                        executors.forEach(executor -> executor.setDrained(drains.containsKey(executor.name()))));
        return lastRead;
    }

    private Future<CommandReply<BackendStatusList>> getBackends() {
        return store.findDrained()
                .compose(drains -> findLiveNodes()
                        .map(nodes -> CommandReply.completed(new BackendStatusList(settings.backends().stream()
                                .map(backend -> describe(backend, drains, nodes))
                                .toList()))));
    }

    /** Finds the live nodes as of their last heartbeat, this process with the present state of its backends. */
    private Future<List<NodeStatus>> findLiveNodes() {
        return store.findLiveNodes()
                .map(nodes -> nodes.stream()
                        .map(node -> !executors.isEmpty() && nodeId.get().equals(Optional.of(node.id()))
                                ? node.withBackends(executors.stream()
                                        .map(BackendJson::toJson)
                                        .map(FleetStore::toState)
                                        .toList())
                                : node)
                        .toList());
    }

    private Future<CommandReply<BackendStatus>> drain(CommandContext<DrainBackend> context) {
        DrainBackend command = context.command();
        return change(
                context,
                command.backend(),
                "audit: backend drain requested",
                () -> store.drain(command.backend(), command.admin()));
    }

    private Future<CommandReply<BackendStatus>> enable(CommandContext<EnableBackend> context) {
        String backend = context.command().backend();
        return change(context, backend, "audit: backend enable requested", () -> store.enable(backend));
    }

    /** Stores a change, applies it in this process before the reply, and signals it to the others. */
    private Future<CommandReply<BackendStatus>> change(
            CommandContext<? extends FleetCommand<?>> context,
            String name,
            String message,
            Supplier<Future<Void>> statement) {
        Optional<BackendSettings> configured = settings.backends().stream()
                .filter(backend -> backend.name().equals(name))
                .findFirst();
        if (configured.isEmpty()) {
            return CommandReply.<BackendStatus>notFound("backend").toFuture();
        }
        return statement
                .get()
                .compose(stored -> {
                    LOG.atInfo()
                            .addKeyValue("admin", context.command().admin())
                            .addKeyValue("backend", name)
                            .addKeyValue("requestId", context.requestId())
                            .log(message);
                    DRAINS.publishToOtherProcesses(notifyChannel, null);
                    return applyDrains();
                })
                .compose(drains -> findLiveNodes()
                        .map(nodes -> CommandReply.completed(describe(configured.get(), drains, nodes))));
    }

    private BackendStatus describe(BackendSettings backend, Map<String, Drain> drains, List<NodeStatus> nodes) {
        String name = backend.name();
        Optional<Drain> drain = Optional.ofNullable(drains.get(name));
        return new BackendStatus(
                name,
                backend.type().name().toLowerCase(Locale.ROOT),
                settings.models().stream()
                        .filter(model -> model.targets().stream()
                                .anyMatch(target -> target.backend().equals(name)))
                        .map(ModelSettings::name)
                        .filter(Objects::nonNull)
                        .toList(),
                drain.isPresent(),
                drain.map(Drain::admin).orElse(null),
                drain.map(Drain::since).orElse(null),
                capabilities.get(name).serverLimits().entrySet().stream()
                        .map(read -> toReadLimits(read.getKey(), read.getValue()))
                        .toList(),
                nodes.stream()
                        .flatMap(node -> node.backends().stream()
                                .filter(state -> state.name().equals(name))
                                .map(state -> new BackendOnNode(
                                        node.id(),
                                        node.host(),
                                        state.breaker(),
                                        state.openUntil(),
                                        state.drained(),
                                        state.retryAfterMs(),
                                        state.concurrency(),
                                        state.availablePermits(),
                                        state.apiKeys())))
                        .toList());
    }

    private static ReadLimits toReadLimits(String model, ServerLimits limits) {
        Map<String, Map<String, Object>> parameters = new TreeMap<>();
        limits.parameters().forEach((name, schema) -> parameters.put(name, schema.getMap()));
        return new ReadLimits(
                model.isEmpty() ? null : model,
                limits.readAt().atOffset(ZoneOffset.UTC),
                limits.maxPromptLength(),
                limits.width(),
                limits.height(),
                limits.count(),
                limits.seed(),
                limits.unsupported().stream().sorted().toList(),
                parameters);
    }

    private Future<CommandReply<QueueStatus>> getQueue() {
        return Future.join(store.readQueue(), store.measureQueues()).map(read -> {
            List<RouteQueue> queues = read.resultAt(0);
            List<ModelQueue> items = new ArrayList<>();
            for (ModelSettings model : settings.models()) {
                RouteQueue queue = queues.stream()
                        .filter(each -> each.route().equals(model.route()))
                        .findFirst()
                        .orElseGet(() -> new RouteQueue(model.route(), 0, 0, null, List.of()));
                items.add(toModelQueue(model.name(), true, queue));
            }
            queues.stream()
                    .filter(queue -> settings.models().stream()
                            .noneMatch(model -> model.route().equals(queue.route())))
                    .forEach(queue -> items.add(toModelQueue(queue.route(), false, queue)));
            return CommandReply.completed(new QueueStatus(items, toDeliveryQueue(read.resultAt(1))));
        });
    }

    private static DeliveryQueue toDeliveryQueue(QueueMeasurement measurement) {
        QueueMeasurement.Queue queue = measurement.deliveries();
        return new DeliveryQueue(
                queue.due() + queue.delayed(),
                queue.running(),
                queue.due() == 0 ? null : queue.oldestDue().toSeconds());
    }

    private static ModelQueue toModelQueue(String model, boolean configured, RouteQueue queue) {
        return new ModelQueue(
                model, configured, queue.waiting(), queue.running(), queue.oldestWaitSeconds(), queue.users());
    }
}
