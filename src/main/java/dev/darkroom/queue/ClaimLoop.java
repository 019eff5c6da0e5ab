package dev.darkroom.queue;

import dev.darkroom.node.LocalNode;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims due jobs up to the free capacity of this process and runs their attempts. Belongs to the event loop of the verticle that
 * creates, starts and stops it. A wake-up, a retry that becomes due, or a periodic poll starts a claim; the poll alone is sufficient.
 *
 * @param <L> type of the leases
 */
public final class ClaimLoop<L extends Lease> {
    private static final Logger LOG = LoggerFactory.getLogger(ClaimLoop.class);

    /** With a backlog and more than this part of the capacity in use, the next claim is delayed by {@link #BUSY_CLAIM_DELAY}. */
    private static final double BUSY_FRACTION = 0.75;

    private static final Duration BUSY_CLAIM_DELAY = Duration.ofMillis(5);

    private final Vertx vertx;
    private final Context eventLoop;
    private final LocalNode localNode;
    private final JobQueue<L> queue;
    private final Intervals intervals;
    private final PeriodicTask pollTask;
    private final AttemptCapacity capacity;
    private final LeaseCheck leaseCheck;
    private final Map<FencingToken, JobAttempt> runningAttempts = new HashMap<>();

    private boolean claiming;
    private boolean claimingExempt;
    private boolean claimRequested;
    private boolean claimScheduled;
    /** Whether jobs may be due that the last claim did not take, or could not take without capacity. Written on the event loop. */
    private volatile boolean backlog;

    /** Whether {@link #reserve} was called. Otherwise claims take the whole capacity. */
    private volatile boolean sharesCapacity;

    /** Null until {@link #stop} is called. */
    private Promise<Void> stopPromise;

    /**
     * Timing of the loop.
     *
     * @param pollInterval maximum time between two claims
     * @param leaseCheckInterval time between two checks for orphaned and lost leases
     * @param shutdownGrace how long running attempts may continue after {@link #stop}
     */
    public record Intervals(Duration pollInterval, Duration leaseCheckInterval, Duration shutdownGrace) {}

    /** Must be called on the event loop that the loop belongs to. */
    public ClaimLoop(Vertx vertx, LocalNode localNode, JobQueue<L> jobQueue, Intervals intervals) {
        this.vertx = vertx;
        this.eventLoop = vertx.getOrCreateContext();
        this.localNode = localNode;
        this.queue = jobQueue;
        this.capacity = new AttemptCapacity(jobQueue::freeCapacity, System::nanoTime);
        this.leaseCheck =
                new LeaseCheck(eventLoop, localNode, jobQueue, this::withRunning, runningAttempts, this::claim);
        this.intervals = intervals;
        this.pollTask = new PeriodicTask(vertx, intervals.pollInterval(), this::poll);
    }

    /** Starts the periodic poll and lease checks, with a first claim immediately. */
    public void start() {
        localNode.onIdentityLost(() -> eventLoop.runOnContext(lost -> abortAll()));
        vertx.setPeriodic(intervals.leaseCheckInterval().toMillis(), timer -> {
            leaseCheck.releaseOrphans();
            leaseCheck.abandonLost();
        });
        pollTask.start();
    }

    /**
     * Waits up to the grace period for the running attempts, then aborts the others. Leases that a pending statement still returns are
     * released immediately.
     */
    public Future<?> stop() {
        stopPromise = Promise.promise();
        capacity.close();
        pollTask.stop();
        if (!runningAttempts.isEmpty()) {
            LOG.atInfo().addKeyValue("running", runningAttempts.size()).log("waiting for running attempts");
        }
        vertx.setTimer(Math.max(intervals.shutdownGrace().toMillis(), 1), timer -> abortAll());
        completeStopIfIdle();
        return stopPromise.future();
    }

    private void completeStopIfIdle() {
        if (stopPromise != null && capacity.isUnused()) {
            stopPromise.tryComplete();
        }
    }

    /** Starts a claim without waiting for its response, so that a hanging claim does not stop the poll. */
    private Future<?> poll() {
        claim();
        return Future.succeededFuture();
    }

    /** Claims due jobs if there is free capacity. A call during a pending claim leads to another claim after it. */
    public void claim() {
        if (stopPromise != null) {
            return;
        }
        if (claiming) {
            claimRequested = true;
            return;
        }
        UUID nodeId = localNode.claimingId().orElse(null);
        if (nodeId == null) {
            return;
        }
        claimExempt(nodeId);
        // Without a backlog, half of the capacity remains for jobs that start when they are inserted.
        int limit = backlog || !sharesCapacity ? Integer.MAX_VALUE : (capacity.free() + 1) / 2;
        AttemptCapacity.Reservation reservation = capacity.reserve(limit);
        if (reservation.count() == 0) {
            // The end of an attempt or of a reservation leads to the next claim. Until then, no new job may start
            // before the due ones.
            backlog = true;
            return;
        }
        claiming = true;
        claimRequested = false;
        queue.claim(nodeId, reservation.count())
                .onComplete(claimed -> eventLoop.runOnContext(v -> onClaimed(claimed, reservation)));
    }

    /** Claims jobs that need no free capacity, within the concurrency of the queue. One statement at a time. */
    private void claimExempt(UUID nodeId) {
        int limit = queue.concurrency() - runningAttempts.size();
        if (claimingExempt || limit <= 0 || !queue.hasExemptJobs()) {
            return;
        }
        claimingExempt = true;
        AttemptCapacity.Reservation reservation = capacity.reserveExempt();
        queue.claimExempt(nodeId, limit)
                .onComplete(claimed -> eventLoop.runOnContext(v -> {
                    claimingExempt = false;
                    if (claimed.failed()) {
                        logClaimFailure(claimed.cause());
                    }
                    startAttempts(claimed.succeeded() ? claimed.result() : List.of(), reservation);
                }));
    }

    private void logClaimFailure(Throwable cause) {
        LOG.atWarn()
                .addKeyValue("queue", queue.jobName())
                .addKeyValue("reason", cause.getMessage())
                .log("claim failed");
    }

    /**
     * Reserves capacity for up to {@code max} jobs that the caller leases to this node when it inserts them. Empty without capacity, while
     * due jobs wait, and while the node claims nothing. Callable on any thread.
     */
    public Optional<StartReservation<L>> reserve(int max) {
        sharesCapacity = true;
        if (backlog) {
            return Optional.empty();
        }
        return localNode.claimingId().flatMap(nodeId -> {
            AttemptCapacity.Reservation reservation = capacity.reserve(max);
            return reservation.count() == 0
                    ? Optional.empty()
                    : Optional.of(new StartReservation<>(
                            nodeId, reservation.count(), leases -> endReservation(leases, reservation)));
        });
    }

    private void endReservation(List<L> leases, AttemptCapacity.Reservation reservation) {
        if (leases.isEmpty()) {
            // Immediately, because the next submission may need the capacity.
            capacity.end(reservation, 0);
        }
        eventLoop.runOnContext(v -> {
            if (leases.isEmpty()) {
                completeStopIfIdle();
            } else {
                startAttempts(leases, reservation);
            }
            if (backlog && leases.size() < reservation.count()) {
                scheduleClaim();
            }
        });
    }

    /** Calls {@code handler} with the leases of the running attempts, after the pending statements, which may add more of them. */
    public void withRunning(Consumer<Set<FencingToken>> handler) {
        capacity.openReservationsEnd()
                .onComplete(ended -> eventLoop.runOnContext(v -> handler.accept(Set.copyOf(runningAttempts.keySet()))));
    }

    private void onClaimed(AsyncResult<ClaimedJobs<L>> claimed, AttemptCapacity.Reservation reservation) {
        claiming = false;
        if (claimed.failed()) {
            logClaimFailure(claimed.cause());
            startAttempts(List.of(), reservation);
            return;
        }
        startAttempts(claimed.result().leases(), reservation);
        backlog = claimed.result().more();
        if (claimRequested || backlog) {
            scheduleClaim();
        }
    }

    private void startAttempts(List<L> leases, AttemptCapacity.Reservation reservation) {
        leases.forEach(lease -> runningAttempts.put(lease.fencingToken(), queue.createAttempt(lease)));
        // Before the calls start, so that no attempt counts twice: as reserved and as a call.
        capacity.end(reservation, leases.size());
        leases.forEach(this::startAttempt);
        completeStopIfIdle();
    }

    private void startAttempt(L lease) {
        JobAttempt jobAttempt = runningAttempts.get(lease.fencingToken());
        boolean mayRun = stopPromise == null
                && localNode
                        .validId()
                        .filter(lease.fencingToken().nodeId()::equals)
                        .isPresent();
        // The last write of the attempt may complete on another event loop. An exception ends the attempt like a
        // failure.
        Future.succeededFuture()
                .compose(start -> mayRun ? jobAttempt.run() : jobAttempt.release())
                .onComplete(done -> eventLoop.runOnContext(v -> onAttemptEnded(lease, done)));
    }

    private void onAttemptEnded(L lease, AsyncResult<Duration> done) {
        runningAttempts.remove(lease.fencingToken());
        capacity.endAttempt();
        if (done.failed()) {
            LOG.atError()
                    .addKeyValue(queue.jobName(), lease.fencingToken().key())
                    .setCause(done.cause())
                    .log("attempt outcome not recorded");
        } else if (done.result() != null) {
            vertx.setTimer(done.result().toMillis() + 1, timer -> claim());
        }
        completeStopIfIdle();
        scheduleClaim();
    }

    /**
     * Schedules one claim for all attempts that end together, because their outcomes share a statement. The claim runs after the
     * tasks that the event loop has queued now. With a backlog and most of the capacity in use, it waits {@link #BUSY_CLAIM_DELAY},
     * in which more attempts may end.
     */
    public void scheduleClaim() {
        if (claimScheduled) {
            return;
        }
        claimScheduled = true;
        if (backlog && runningAttempts.size() > queue.concurrency() * BUSY_FRACTION) {
            vertx.setTimer(BUSY_CLAIM_DELAY.toMillis(), timer -> runScheduledClaim());
        } else {
            eventLoop.runOnContext(later -> runScheduledClaim());
        }
    }

    private void runScheduledClaim() {
        claimScheduled = false;
        claim();
    }

    private void abortAll() {
        List.copyOf(runningAttempts.values()).forEach(JobAttempt::abort);
    }

    /** As {@link LeaseCheck#abandonLost}. */
    public void abandonLost() {
        leaseCheck.abandonLost();
    }
}
