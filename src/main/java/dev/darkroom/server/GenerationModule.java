package dev.darkroom.server;

import dev.darkroom.backend.ImageBackend;
import dev.darkroom.backend.executor.BackendEventPublisher;
import dev.darkroom.backend.executor.BackendExecutor;
import dev.darkroom.backend.executor.BackendExecutorMetrics;
import dev.darkroom.backend.executor.BackendExecutorVerticle;
import dev.darkroom.backend.executor.BackendJson;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.config.BackendSettings;
import dev.darkroom.config.NodeRole;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.command.BacklogEstimator;
import dev.darkroom.generation.command.GenerationCommandDependencies;
import dev.darkroom.generation.command.GenerationCommandVerticle;
import dev.darkroom.generation.command.QueueSnapshots;
import dev.darkroom.generation.command.SubmissionMetrics;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.route.LimitsReader;
import dev.darkroom.generation.route.ModelCatalog;
import dev.darkroom.generation.store.SubmissionStore;
import dev.darkroom.generation.watch.CompletionVerticle;
import dev.darkroom.generation.watch.CompletionWaiters;
import dev.darkroom.generation.watch.FinishedGenerationMetrics;
import dev.darkroom.generation.watch.ProgressSubscribers;
import dev.darkroom.generation.watch.ProgressVerticle;
import dev.darkroom.generation.worker.AttemptMetrics;
import dev.darkroom.generation.worker.GenerationReaperVerticle;
import dev.darkroom.generation.worker.GenerationWorkerVerticle;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.image.store.ImageStoreHealth;
import dev.darkroom.image.store.ImageStoreHealthMetrics;
import dev.darkroom.maintenance.ImageStoreCheck;
import dev.darkroom.node.LocalNode;
import dev.darkroom.task.PeriodicTaskVerticle;
import dev.darkroom.usage.BudgetLimits;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Wiring of the generations: command verticles, worker and lease reaper. */
final class GenerationModule {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationModule.class);

    private final ServerResources resources;
    private final Settings settings;
    private final List<GenerationFinishListener> finishListeners;
    private final List<BackendExecutor> backendExecutors = new CopyOnWriteArrayList<>();
    private final ModelCatalog catalog;
    private final LimitsReader limitsReader;
    private final ImageStoreHealth imageStoreHealth = new ImageStoreHealth();
    private final BacklogEstimator backlogEstimator = new BacklogEstimator();
    private final ImmediateStart immediateStart = new ImmediateStart();
    private final SubmissionStore submissions;
    private final UploadModule uploads;
    private final CompletionWaiters completionWaiters = new CompletionWaiters();
    private final ProgressSubscribers progressSubscribers = new ProgressSubscribers();
    private final AttemptMetrics attemptMetrics;

    /** @param finishListeners listeners for finished generations */
    GenerationModule(ServerResources resources, ModelCatalog catalog, List<GenerationFinishListener> finishListeners) {
        this.catalog = catalog;
        this.limitsReader = new LimitsReader(catalog, System::nanoTime);
        this.resources = resources;
        this.settings = resources.settings();
        this.attemptMetrics = new AttemptMetrics(resources.metrics().registry());
        this.finishListeners = new ArrayList<>(finishListeners);
        this.finishListeners.add(
                new FinishedGenerationMetrics(resources.metrics().registry()));
        this.uploads = new UploadModule(resources);
        resources.metrics().bind(new ImageStoreHealthMetrics(imageStoreHealth));
        this.submissions = new SubmissionStore(resources.database(), settings.generation(), immediateStart);
    }

    /** Returns the periodic tasks of the roles of this process. */
    List<PeriodicTaskVerticle.Task> periodicTasks() {
        List<PeriodicTaskVerticle.Task> tasks = new ArrayList<>();
        if (settings.hasRole(NodeRole.API) && settings.generation().instances() > 0) {
            tasks.add(new PeriodicTaskVerticle.Task(LimitsReader.INTERVAL, stopped -> {
                limitsReader.readDue();
                return Future.succeededFuture();
            }));
            tasks.add(new PeriodicTaskVerticle.Task(
                    settings.node().heartbeatInterval(),
                    stopped -> submissions
                            .measureBacklog()
                            .onSuccess(backlogEstimator::update)
                            .onFailure(error -> LOG.atDebug()
                                    .addKeyValue("reason", error.getMessage())
                                    .log("backlog measurement failed"))));
        }
        if (settings.hasRole(NodeRole.WORKER)) {
            tasks.add(new ImageStoreCheck(resources.images(), imageStoreHealth).task());
        }
        return tasks;
    }

    /** Returns the memory budget of responses from the AI server. Warns when the heap is too small. */
    static ResponseMemoryBudget createResponseMemoryBudget(Settings settings) {
        int calls = settings.hasRole(NodeRole.WORKER) ? settings.worker().concurrency() : 0;
        long heap = Runtime.getRuntime().maxMemory();
        ResponseMemoryBudget memory = new ResponseMemoryBudget(
                heap,
                Math.max(1, calls),
                settings.backends().stream()
                        .mapToInt(BackendSettings::maxResponseBytes)
                        .max()
                        .orElseThrow());
        if (calls > 0 && !memory.isHeapSufficient()) {
            LOG.atWarn()
                    .addKeyValue("heapBytes", heap)
                    .addKeyValue("neededBytes", memory.requiredHeap())
                    .log("heap too small for large responses");
        }
        return memory;
    }

    /** Deploys the verticle that reclaims expired leases. */
    void deployReaper() throws Exception {
        deploy(
                "lease reaper",
                new GenerationReaperVerticle(
                        resources.database(), resources.notifyChannel(), settings, finishListeners, attemptMetrics));
    }

    private void deploy(String name, Deployable verticle) throws Exception {
        resources.processLifecycle().deploy(resources.vertx(), name, verticle);
    }

    /**
     * Deploys the verticles of the role {@code api}: those that execute commands and the one that notifies event streams.
     *
     * @param egressPolicy validates webhook URLs in requests
     * @param backends stop the jobs of cancelled generations
     */
    void deployCommands(EgressPolicy egressPolicy, List<ImageBackend> backends) throws Exception {
        SecureRandom random = new SecureRandom();
        if (settings.generation().instances() > 0) {
            refreshLimitsAfterOutages();
            deploy(
                    "completion waiters",
                    new CompletionVerticle(completionWaiters, resources.database(), resources.notifyChannel()));
        }
        deploy(
                "progress subscribers",
                new ProgressVerticle(progressSubscribers, resources.database(), resources.notifyChannel()));
        uploads.deployCommands();
        GenerationCommandDependencies dependencies = new GenerationCommandDependencies(
                resources.database(),
                submissions,
                resources.notifyChannel(),
                resources.images(),
                backlogEstimator,
                new QueueSnapshots(resources.vertx(), resources.database()),
                completionWaiters,
                finishListeners,
                egressPolicy,
                uploads.store(),
                uploads.egressPolicy(),
                unresolved -> backends.stream()
                        .filter(backend -> backend.name().equals(unresolved.backend()))
                        .forEach(backend -> backend.cancel(unresolved.job())),
                new BudgetLimits(settings.accounting(), settings.backends()),
                settings.node(),
                new SubmissionMetrics(resources.metrics().registry()));
        resources
                .processLifecycle()
                .deploy(
                        resources.vertx(),
                        "generation",
                        settings.generation().instances(),
                        () -> new GenerationCommandVerticle(dependencies, settings.generation(), catalog, random));
    }

    /** Reads the limits of an AI server again when it accepts calls again. */
    private void refreshLimitsAfterOutages() {
        resources.vertx().eventBus().<JsonObject>localConsumer(BackendEventPublisher.ADDRESS, event -> {
            if (event.body().getString("type").equals(BackendEventPublisher.BREAKER_CLOSED)) {
                limitsReader.refresh(event.body().getString("backend"));
            }
        });
    }

    /** Deploys the executors of the backends and returns them. */
    List<BackendExecutor> deployExecutors(List<ImageBackend> backends) throws Exception {
        for (int i = 0; i < backends.size(); i++) {
            backendExecutors.add(deployExecutor(settings.backends().get(i), backends.get(i)));
        }
        return List.copyOf(backendExecutors);
    }

    /** Deploys the worker. Requires the executors. */
    void deployWorker(LocalNode localNode) throws Exception {
        resources
                .processLifecycle()
                .deploy(
                        resources.vertx(),
                        "worker",
                        settings.shutdown().gracePeriod(),
                        new GenerationWorkerVerticle(
                                localNode,
                                new BackendRouter(catalog, backendExecutors),
                                immediateStart,
                                resources.database(),
                                resources.notifyChannel(),
                                resources.images(),
                                imageStoreHealth,
                                uploads.createReader(),
                                settings,
                                finishListeners,
                                attemptMetrics));
    }

    private BackendExecutor deployExecutor(BackendSettings backendSettings, ImageBackend backend) throws Exception {
        int concurrency = backendSettings.maxConcurrency(settings.worker().concurrency());
        BackendExecutorVerticle verticle = new BackendExecutorVerticle(context -> new BackendExecutor(
                context,
                backend,
                concurrency,
                backendSettings.requestsPerMinute(),
                backendSettings.breaker(),
                settings.retry().maxRetryAfter(),
                System::nanoTime));
        deploy("backend executor", verticle);
        resources.metrics().bind(new BackendExecutorMetrics(verticle.executor()));
        return verticle.executor();
    }

    ImageStoreHealth imageStoreHealth() {
        return imageStoreHealth;
    }

    ProgressSubscribers progressSubscribers() {
        return progressSubscribers;
    }

    /** Returns the state of each backend. Empty until the executors are deployed. */
    JsonArray backendsToJson() {
        return new JsonArray(backendExecutors.stream().map(BackendJson::toJson).toList());
    }

    /** Ends all requests that wait for a generation to finish. */
    void closeCompletionWaiters() {
        completionWaiters.close();
    }
}
