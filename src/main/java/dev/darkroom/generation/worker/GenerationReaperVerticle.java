package dev.darkroom.generation.worker;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.NotifyChannel;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationFinishListener;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.generation.store.GenerationLeaseStore.AbandonedLease;
import dev.darkroom.generation.store.GenerationOutcomeStore;
import dev.darkroom.generation.watch.GenerationEventPublisher;
import dev.darkroom.generation.worker.RetryDecision.Fail;
import dev.darkroom.generation.worker.RetryDecision.Retry;
import dev.darkroom.generation.worker.RetryPolicy.BackendConditions;
import dev.darkroom.node.DatabaseClock;
import dev.darkroom.queue.LeaseReaper;
import dev.darkroom.telemetry.Tracing;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reclaims leases of dead nodes and attempts that overran their deadline, and expires generations that waited past their deadline. Every
 * process runs one instance; fencing tokens let one of them win.
 */
public final class GenerationReaperVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(GenerationReaperVerticle.class);

    private static final BackendFailure NODE_LOST =
            BackendFailure.of(FailureClass.AMBIGUOUS, "NODE_LOST", "The process that made the attempt died.");
    private static final BackendFailure ATTEMPT_TIMED_OUT = BackendFailure.of(
            FailureClass.INTERNAL, BackendFailure.TIMED_OUT, "The attempt did not end before its deadline.");

    private final NotifyChannel notifyChannel;
    private final GenerationLeaseStore leases;
    private final GenerationOutcomeStore outcomes;
    private final RetryPolicy retryPolicy;
    private final AttemptMetrics metrics;
    private final Duration interval;
    private final Settings settings;
    private final DatabaseClock clock;
    private Tracing tracing;
    private GenerationEventPublisher eventPublisher;
    private LeaseReaper reaper;

    public GenerationReaperVerticle(
            Database database,
            NotifyChannel notifyChannel,
            Settings settings,
            List<GenerationFinishListener> listeners,
            AttemptMetrics metrics) {
        this(database, notifyChannel, settings, listeners, metrics, () -> DatabaseClock.read(database));
    }

    /** @param clockReader reads the database clock */
    GenerationReaperVerticle(
            Database database,
            NotifyChannel notifyChannel,
            Settings settings,
            List<GenerationFinishListener> listeners,
            AttemptMetrics metrics,
            Supplier<Future<OffsetDateTime>> clockReader) {
        this.settings = settings;
        this.metrics = metrics;
        this.clock =
                new DatabaseClock(clockReader, System::nanoTime, GenerationWorkerVerticle.JOB_NAME, this::shiftTimes);
        this.notifyChannel = notifyChannel;
        this.leases = new GenerationLeaseStore(database);
        this.outcomes = new GenerationOutcomeStore(database, listeners);
        this.retryPolicy = new RetryPolicy(
                settings.retry(), () -> ThreadLocalRandom.current().nextDouble());
        this.interval = settings.node().reapInterval();
    }

    @Override
    public Future<?> start() {
        tracing = Tracing.of(vertx);
        eventPublisher = new GenerationEventPublisher(vertx, notifyChannel);
        reaper = new LeaseReaper(
                vertx,
                interval,
                GenerationWorkerVerticle.JOB_NAME,
                List.of(
                        new LeaseReaper.ReapTask<AbandonedLease>(
                                this::findAbandoned,
                                found -> found.generationLease().generationId(),
                                this::reclaim),
                        new LeaseReaper.ReapTask<UUID>(this::findOverdue, id -> id, this::expire)));
        reaper.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return reaper.stop();
    }

    private Future<?> shiftTimes(Duration step) {
        return leases.shiftTimes(
                step, settings.longestAttempt(), settings.generation().deadline());
    }

    /** Finds nothing for {@code node.ttl} after a clock step, in which every node may seem dead until its next heartbeat. */
    private Future<List<AbandonedLease>> findAbandoned() {
        return clock.check()
                .compose(checked -> clock.isStableFor(settings.node().ttl())
                        ? leases.findAbandoned(LeaseReaper.DEADLINE_GRACE, LeaseReaper.BATCH_SIZE)
                        : Future.succeededFuture(List.of()));
    }

    private Future<List<UUID>> findOverdue() {
        return clock.check().compose(checked -> leases.findOverdue(LeaseReaper.BATCH_SIZE));
    }

    private Future<?> reclaim(AbandonedLease abandonedLease) {
        GenerationLease generationLease = abandonedLease.generationLease();
        BackendFailure backendFailure = abandonedLease.ownerAlive() ? ATTEMPT_TIMED_OUT : NODE_LOST;
        AttemptOutcome outcome = abandonedLease.ownerAlive() ? AttemptOutcome.TIMEOUT : AttemptOutcome.LOST;
        RetryDecision decision = abandonedLease.ownerAlive()
                ? retryPolicy.decideAfterFailure(
                        backendFailure,
                        generationLease.attemptCounts(),
                        BackendConditions.NONE,
                        generationLease.timeLeft())
                : retryPolicy.decideAfterLoss(generationLease.lostAttempts(), generationLease.timeLeft());
        if (decision instanceof Retry retry) {
            return outcomes.retry(
                            generationLease,
                            outcome,
                            retry.counted(),
                            backendFailure,
                            retry.delay(),
                            generationLease.job(),
                            abandonedLease.billing())
                    .onSuccess(requeued -> requeued.ifPresent(done -> {
                        AttemptFailureLogger.logFailure(
                                LOG, generationLease, generationLease.job(), backendFailure, decision, done.retryAt());
                        recordSpan(abandonedLease, outcome, backendFailure);
                        recordEnd(abandonedLease, outcome, backendFailure);
                        eventPublisher.publishProgress(generationLease.generationId());
                    }));
        }
        Fail fail = (Fail) decision;
        return outcomes.fail(
                        generationLease,
                        outcome,
                        fail.counted(),
                        backendFailure,
                        fail.error(),
                        abandonedLease.billing())
                .onSuccess(finished -> finished.ifPresent(finishRecord -> {
                    AttemptFailureLogger.logFailure(
                            LOG, generationLease, generationLease.job(), backendFailure, decision, null);
                    recordSpan(abandonedLease, outcome, backendFailure);
                    recordEnd(abandonedLease, outcome, backendFailure);
                    eventPublisher.publishFinished(finishRecord);
                }));
    }

    /** The process of the attempt has exported no span of it, because the attempt did not end there. */
    private void recordSpan(AbandonedLease abandonedLease, AttemptOutcome outcome, BackendFailure backendFailure) {
        AttemptSpans.recordAbandoned(
                tracing, abandonedLease.generationLease(), abandonedLease.age(), outcome, backendFailure);
    }

    private void recordEnd(AbandonedLease abandonedLease, AttemptOutcome outcome, BackendFailure backendFailure) {
        metrics.recordEnd(
                abandonedLease.generationLease().backend(),
                outcome,
                backendFailure.failureClass(),
                abandonedLease.billing().submitted());
    }

    private Future<?> expire(UUID generationId) {
        return outcomes.expire(generationId, RetryPolicy.deadlineExceeded(FailureClass.NOT_SENT))
                .onSuccess(finished -> finished.ifPresent(eventPublisher::publishFinished));
    }
}
