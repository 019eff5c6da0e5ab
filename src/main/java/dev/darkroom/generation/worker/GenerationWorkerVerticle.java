package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.InputImageLoader;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.ImmediateStart;
import dev.darkroom.generation.route.BackendRouter;
import dev.darkroom.generation.route.RouteOffer;
import dev.darkroom.generation.store.BudgetStore;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.generation.store.GenerationOutcomeStore;
import dev.darkroom.generation.watch.GenerationEventPublisher;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreHealth;
import dev.darkroom.node.LocalNode;
import dev.darkroom.queue.ClaimLoop;
import dev.darkroom.queue.ClaimedJobs;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.JobAttempt;
import dev.darkroom.queue.JobQueue;
import dev.darkroom.queue.OutcomeRecorder;
import dev.darkroom.telemetry.TraceSpan;
import dev.darkroom.telemetry.Tracing;
import dev.darkroom.usage.BudgetLimits;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims due generations up to the free capacity of this process and runs their attempts. One instance per process, because it counts
 * the backend calls of the process; its state lives on its event loop. Local submissions, its own retries, signals of other processes
 * and changes of the backend executor start a claim, and so does a periodic poll, which alone is sufficient.
 */
public final class GenerationWorkerVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationWorkerVerticle.class);

    /** Name of one job, for the log. */
    static final String JOB_NAME = "generation";

    private final LocalNode localNode;
    private final BackendRouter router;
    private final GenerationLeaseStore leases;
    private final GenerationOutcomeStore outcomes;
    private final BudgetStore budgets;
    private final NotifyChannel notifyChannel;
    private final ImageStore imageStore;
    private final ImageStoreHealth imageStoreHealth;
    private final InputImageLoader inputImageLoader;
    private final Settings settings;
    private final ImmediateStart immediateStart;
    private final AttemptMetrics metrics;

    private final AttemptDurationAverage attemptDurations = new AttemptDurationAverage();

    private Tracing tracing;
    private GenerationEventPublisher eventPublisher;
    private AttemptRunner attemptRunner;
    private ClaimLoop<GenerationLease> claimLoop;
    private Context eventLoop;

    /**
     * @param router executors of all backends
     * @param immediateStart connects the submissions of this process with this worker
     * @param imageStoreHealth health of {@code imageStore}; nothing is claimed while the store fails
     * @param inputImageLoader loads the input images of requests
     * @param finishListeners called inside the transactions that end generations
     */
    public GenerationWorkerVerticle(
            LocalNode localNode,
            BackendRouter router,
            ImmediateStart immediateStart,
            Database database,
            NotifyChannel notifyChannel,
            ImageStore imageStore,
            ImageStoreHealth imageStoreHealth,
            InputImageLoader inputImageLoader,
            Settings settings,
            List<GenerationFinishListener> finishListeners,
            AttemptMetrics metrics) {
        this.localNode = localNode;
        this.metrics = metrics;
        this.router = router;
        this.immediateStart = immediateStart;
        this.leases = new GenerationLeaseStore(database);
        this.outcomes = new GenerationOutcomeStore(database, finishListeners);
        this.budgets = new BudgetStore(database);
        this.notifyChannel = notifyChannel;
        this.imageStore = imageStore;
        this.imageStoreHealth = imageStoreHealth;
        this.inputImageLoader = inputImageLoader;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        eventLoop = vertx.getOrCreateContext();
        tracing = Tracing.of(vertx);
        eventPublisher = new GenerationEventPublisher(vertx, notifyChannel);
        attemptRunner = new AttemptRunner(
                router,
                new GeneratedImageWriter(vertx, imageStore, imageStoreHealth, leases, System::nanoTime),
                leases,
                outcomes,
                budgets,
                new BudgetLimits(settings.accounting(), settings.backends()),
                new OutcomeRecorder<>(vertx, localNode, JOB_NAME, outcomes::isRecorded),
                new RetryPolicy(
                        settings.retry(), () -> ThreadLocalRandom.current().nextDouble()),
                eventPublisher,
                metrics,
                System::nanoTime);
        claimLoop = new ClaimLoop<>(
                vertx,
                localNode,
                new GenerationQueue(),
                new ClaimLoop.Intervals(
                        settings.worker().pollInterval(),
                        settings.node().reapInterval(),
                        settings.shutdown().gracePeriod()));
        router.executors()
                .forEach(executor -> executor.onChange(() -> eventLoop.runOnContext(v -> onCapacityChange())));
        imageStoreHealth.onChange(() -> eventLoop.runOnContext(v -> onCapacityChange()));
        reportThroughput();
        GenerationSignals.SUBMITTED.subscribe(vertx, notifyChannel, key -> claimLoop.claim());
        GenerationSignals.CANCELLED.subscribe(vertx, notifyChannel, key -> claimLoop.abandonLost());
        ErasedAttemptConfirmer erasedAttempts = new ErasedAttemptConfirmer(localNode, leases, claimLoop, eventLoop);
        GenerationSignals.ERASED.subscribe(vertx, notifyChannel, key -> erasedAttempts.confirm());
        claimLoop.start();
        immediateStart.connect(this::permitStart);
        return Future.succeededFuture();
    }

    /** Returns the permission to lease up to a number of generations per route. Called on any thread. */
    private Optional<ImmediateStart.Permission> permitStart(Map<String, Integer> counts) {
        int wanted = counts.values().stream().mapToInt(Integer::intValue).sum();
        return claimLoop
                .reserve(wanted)
                .map(reservation ->
                        new ImmediateStart.Permission(reservation, router.offer(counts, reservation.count())));
    }

    private void onCapacityChange() {
        reportThroughput();
        claimLoop.scheduleClaim();
    }

    /** Waits for the running attempts as {@link ClaimLoop#stop} does. */
    @Override
    public Future<?> stop() {
        return claimLoop.stop();
    }

    private void reportThroughput() {
        int concurrency = imageStoreHealth.failing()
                ? 0
                : Math.min(router.concurrency(), settings.worker().concurrency());
        localNode.reportThroughput(new LocalNode.Throughput(concurrency, attemptDurations.averageMillis()));
    }

    /** Queue of generations, limited by the free capacity of the backend executor. */
    private final class GenerationQueue implements JobQueue<GenerationLease> {

        @Override
        public String jobName() {
            return JOB_NAME;
        }

        @Override
        public int concurrency() {
            return settings.worker().concurrency();
        }

        @Override
        public int freeCapacity(int running) {
            return imageStoreHealth.failing() ? 0 : Math.min(router.availablePermits(), concurrency() - running);
        }

        @Override
        public Future<ClaimedJobs<GenerationLease>> claim(UUID nodeId, int limit) {
            RouteOffer offer = router.offer(limit);
            // The end of a call, or a change of a backend, leads to the next claim.
            return offer.slots().isEmpty()
                    ? Future.succeededFuture(new ClaimedJobs<>(List.of(), false))
                    : leases.claim(nodeId, limit, offer);
        }

        @Override
        public boolean hasExemptJobs() {
            return !imageStoreHealth.failing() && !router.lookUpOnly().isEmpty();
        }

        /** Claims look-ups, which submit nothing, at AI servers that accept no submissions. */
        @Override
        public Future<List<GenerationLease>> claimExempt(UUID nodeId, int limit) {
            return leases.claimLookUps(nodeId, limit, router.lookUpOnly());
        }

        @Override
        public JobAttempt createAttempt(GenerationLease generationLease) {
            return new GenerationAttempt(generationLease);
        }

        @Override
        public Future<List<FencingToken>> findHeld(UUID nodeId, Duration age) {
            return leases.findHeld(nodeId, age);
        }

        @Override
        public Future<Boolean> release(FencingToken fencingToken) {
            return leases.releaseOrphan(fencingToken);
        }
    }

    private final class GenerationAttempt implements JobAttempt {
        private final GenerationLease generationLease;
        private final JobRecorder jobRecorder;
        private final BackendCall backendCall;
        private volatile boolean leaseLost;

        GenerationAttempt(GenerationLease generationLease) {
            this.generationLease = generationLease;
            this.jobRecorder = new JobRecorder(vertx, generationLease, leases, eventPublisher);
            this.backendCall = new BackendCall(
                    generationLease.attemptBudget(), generationLease.job(), jobRecorder, inputImageLoader);
            router.recordSelection(generationLease.route(), generationLease.backend(), generationLease.selection());
        }

        @Override
        public Future<Duration> run() {
            long startedAt = System.nanoTime();
            metrics.recordStart(generationLease);
            eventPublisher.publishProgress(generationLease.generationId());
            TraceSpan span = AttemptSpans.start(tracing, generationLease);
            backendCall.setSpan(span);
            return onEventLoop(attemptRunner.run(generationLease, backendCall, jobRecorder, () -> leaseLost))
                    .onComplete(done -> {
                        span.end();
                        jobRecorder.end();
                        attemptDurations.record(Duration.ofNanos(System.nanoTime() - startedAt));
                        reportThroughput();
                    });
        }

        @Override
        public Future<Duration> release() {
            return onEventLoop(attemptRunner.release(generationLease));
        }

        @Override
        public void abort() {
            backendCall.abort();
        }

        @Override
        public void abandon() {
            leaseLost = true;
            backendCall.abort();
            cancelJobOfCancelledGeneration(generationLease.generationId(), jobRecorder);
        }

        /** Moves the result to the event loop of the verticle, because the last write may complete on another one. */
        private Future<Duration> onEventLoop(Future<Duration> attempt) {
            Promise<Duration> result = Promise.promise();
            attempt.onComplete(done -> eventLoop.runOnContext(v -> result.handle(done)));
            return result.future();
        }
    }

    /** Stops the job at the AI server when a user cancelled its generation. After a loss of the lease for another reason it continues. */
    private void cancelJobOfCancelledGeneration(UUID generationId, JobRecorder jobRecorder) {
        outcomes.isCancelled(generationId)
                .onSuccess(cancelled -> {
                    if (cancelled) {
                        router.executor(jobRecorder.backend())
                                .ifPresent(executor -> executor.cancel(jobRecorder.job()));
                    }
                })
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("generation", generationId)
                        .addKeyValue("reason", error.getMessage())
                        .log("job at the AI server not cancelled"));
    }
}
