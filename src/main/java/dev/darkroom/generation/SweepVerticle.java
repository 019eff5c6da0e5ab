package dev.darkroom.generation;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.generation.LeaseStore.Abandoned;
import dev.darkroom.generation.RetryDecision.Fail;
import dev.darkroom.generation.RetryDecision.Retry;
import dev.darkroom.lease.Sweep;
import dev.darkroom.node.DatabaseClock;
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
 * Takes back what nobody will end: leases of dead nodes, attempts that outlived their deadline, generations whose time ran
 * out while they waited. Every process sweeps; the fences let one of them win. One instance per process.
 */
public final class SweepVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(SweepVerticle.class);

    private static final Failure NODE_DIED =
            Failure.of(FailureClass.AMBIGUOUS, "NODE_DIED", "The process that made the attempt died.");
    private static final Failure OVERRAN = Failure.of(
            FailureClass.INTERNAL, Failure.TIMED_OUT, "The attempt did not end by its deadline and was given up.");

    private final Hints hints;
    private final LeaseStore leases;
    private final RetryPolicy policy;
    private final Duration interval;
    private final Settings settings;
    private final DatabaseClock clock;
    private EndAnnouncer announcer;
    private Sweep sweep;

    public SweepVerticle(Database database, Hints hints, Settings settings, List<GenerationEndListener> listeners) {
        this(database, hints, settings, listeners, () -> DatabaseClock.read(database));
    }

    /** @param reading the database's clock */
    SweepVerticle(
            Database database,
            Hints hints,
            Settings settings,
            List<GenerationEndListener> listeners,
            Supplier<Future<OffsetDateTime>> reading) {
        this.settings = settings;
        this.clock = new DatabaseClock(reading, System::nanoTime, WorkerVerticle.NOUN, this::adjust);
        this.hints = hints;
        this.leases = new LeaseStore(database, listeners);
        this.policy = new RetryPolicy(
                settings.retry(), () -> ThreadLocalRandom.current().nextDouble());
        this.interval = settings.node().sweep();
    }

    @Override
    public Future<?> start() {
        announcer = new EndAnnouncer(vertx, hints);
        sweep = new Sweep(
                vertx,
                interval,
                WorkerVerticle.NOUN,
                List.of(
                        new Sweep.Errand<Abandoned>(
                                this::abandoned, found -> found.lease().generationId(), this::takeBack),
                        new Sweep.Errand<UUID>(this::overdue, id -> id, this::expire)));
        sweep.start();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        return sweep.stop();
    }

    private Future<?> adjust(Duration step) {
        return leases.adjust(
                step, settings.backend().timeout(), settings.generation().deadline());
    }

    /** After a step of the clock every node may seem dead; each has a lease's time to say that it is not. */
    private Future<List<Abandoned>> abandoned() {
        return clock.check()
                .compose(checked -> clock.settledFor(settings.node().ttl())
                        ? leases.abandoned(Sweep.DEADLINE_GRACE, Sweep.BATCH)
                        : Future.succeededFuture(List.of()));
    }

    private Future<List<UUID>> overdue() {
        return clock.check().compose(checked -> leases.overdue(Sweep.BATCH));
    }

    private Future<?> takeBack(Abandoned abandoned) {
        Lease lease = abandoned.lease();
        Failure failure = abandoned.ownerAlive() ? OVERRAN : NODE_DIED;
        AttemptOutcome outcome = abandoned.ownerAlive() ? AttemptOutcome.TIMEOUT : AttemptOutcome.LOST;
        RetryDecision decision = abandoned.ownerAlive()
                ? policy.afterFailure(failure, lease.counts(), false, false, lease.timeLeft())
                : policy.afterLoss(lease.lost(), lease.timeLeft());
        if (decision instanceof Retry retry) {
            return leases.retry(lease, outcome, retry.counted(), failure, retry.delay())
                    .onSuccess(requeued -> requeued.ifPresent(done -> {
                        AttemptLog.failed(LOG, lease, failure, decision, done.retryAt());
                        announcer.moved(lease.generationId());
                    }));
        }
        Fail fail = (Fail) decision;
        return leases.fail(lease, outcome, fail.counted(), failure, fail.reason())
                .onSuccess(ended -> ended.ifPresent(end -> {
                    AttemptLog.failed(LOG, lease, failure, decision, null);
                    announcer.announce(end);
                }));
    }

    private Future<?> expire(UUID generationId) {
        return leases.expire(generationId, RetryPolicy.deadlineExceeded(FailureClass.NOT_SENT))
                .onSuccess(ended -> ended.ifPresent(announcer::announce));
    }
}
