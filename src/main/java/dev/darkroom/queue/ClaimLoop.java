package dev.darkroom.queue;

import dev.darkroom.node.LocalNode;
import dev.darkroom.task.PeriodicTask;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

    /** Age from which a lease without a running attempt counts as orphaned: the response to its claim was lost. */
    private static final Duration ORPHAN_AGE = Duration.ofSeconds(15);

    /** With a backlog and more than this part of the capacity in use, the next claim is delayed by {@link #BUSY_CLAIM_DELAY}. */
    private static final double BUSY_FRACTION = 0.75;

    private static final Duration BUSY_CLAIM_DELAY = Duration.ofMillis(5);

    private final Vertx vertx;
    private final Context eventLoop;
    private final LocalNode localNode;
    private final JobQueue<L> queue;
    private final Intervals intervals;
    private final PeriodicTask pollTask;
    private final Map<FencingToken, JobAttempt> runningAttempts = new HashMap<>();
    private final List<Consumer<Set<FencingToken>>> afterClaimHandlers = new ArrayList<>();

    private boolean claiming;
    private boolean claimRequested;
    private boolean claimScheduled;
    private boolean backlog;
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
        this.intervals = intervals;
        this.pollTask = new PeriodicTask(vertx, intervals.pollInterval(), this::poll);
    }

    /** Starts the periodic poll and lease checks, with a first claim immediately. */
    public void start() {
        localNode.onIdentityLost(() -> eventLoop.runOnContext(lost -> abortAll()));
        vertx.setPeriodic(intervals.leaseCheckInterval().toMillis(), timer -> {
            releaseOrphans();
            abandonLost();
        });
        pollTask.start();
    }

    /**
     * Waits up to the grace period for the running attempts, then aborts the others. Leases that a pending claim still returns are
     * released immediately.
     */
    public Future<?> stop() {
        stopPromise = Promise.promise();
        pollTask.stop();
        if (!runningAttempts.isEmpty()) {
            LOG.atInfo().addKeyValue("running", runningAttempts.size()).log("waiting for running attempts");
        }
        vertx.setTimer(Math.max(intervals.shutdownGrace().toMillis(), 1), timer -> abortAll());
        completeStopIfIdle();
        return stopPromise.future();
    }

    private void completeStopIfIdle() {
        if (stopPromise != null && runningAttempts.isEmpty() && !claiming) {
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
        int free = queue.freeCapacity(runningAttempts.size());
        UUID nodeId = localNode.claimingId().orElse(null);
        if (free <= 0 || nodeId == null) {
            return;
        }
        claiming = true;
        claimRequested = false;
        queue.claim(nodeId, free).onComplete(claimed -> eventLoop.runOnContext(v -> onClaimed(claimed, free)));
    }

    /** Calls {@code handler} with the leases of the running attempts, after a pending claim, which may add more of them. */
    public void withRunning(Consumer<Set<FencingToken>> handler) {
        afterClaimHandlers.add(handler);
        if (!claiming) {
            callWithRunning();
        }
    }

    private void callWithRunning() {
        List<Consumer<Set<FencingToken>>> handlers = List.copyOf(afterClaimHandlers);
        afterClaimHandlers.clear();
        handlers.forEach(handler -> handler.accept(Set.copyOf(runningAttempts.keySet())));
    }

    private void onClaimed(AsyncResult<List<L>> claimed, int free) {
        claiming = false;
        if (claimed.failed()) {
            LOG.atWarn()
                    .addKeyValue("queue", queue.jobName())
                    .addKeyValue("reason", claimed.cause().getMessage())
                    .log("claim failed");
            callWithRunning();
            completeStopIfIdle();
            return;
        }
        claimed.result().forEach(this::startAttempt);
        callWithRunning();
        completeStopIfIdle();
        backlog = claimed.result().size() == free;
        if (claimRequested || backlog) {
            scheduleClaim();
        }
    }

    private void startAttempt(L lease) {
        JobAttempt jobAttempt = queue.createAttempt(lease);
        runningAttempts.put(lease.fencingToken(), jobAttempt);
        boolean mayRun = stopPromise == null
                && localNode
                        .validId()
                        .filter(lease.fencingToken().nodeId()::equals)
                        .isPresent();
        // The last write of the attempt may complete on another event loop.
        (mayRun ? jobAttempt.run() : jobAttempt.release())
                .onComplete(done -> eventLoop.runOnContext(v -> onAttemptEnded(lease, done)));
    }

    private void onAttemptEnded(L lease, AsyncResult<Duration> done) {
        runningAttempts.remove(lease.fencingToken());
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

    /**
     * Abandons the attempts whose leases are lost, for example because their job was canceled. Considers only attempts that were
     * claimed before the query starts.
     */
    public void abandonLost() {
        UUID nodeId = localNode.claimingId().orElse(null);
        if (nodeId == null || runningAttempts.isEmpty()) {
            return;
        }
        Map<FencingToken, JobAttempt> checked = Map.copyOf(runningAttempts);
        queue.findHeld(nodeId, Duration.ZERO)
                .onComplete(held -> eventLoop.runOnContext(v -> {
                    if (held.failed()) {
                        logLookupFailure("lost lease query failed", held.cause());
                        return;
                    }
                    checked.forEach((fencingToken, jobAttempt) -> {
                        boolean lost = fencingToken.nodeId().equals(nodeId)
                                && !held.result().contains(fencingToken);
                        if (lost && runningAttempts.containsKey(fencingToken)) {
                            jobAttempt.abandon();
                        }
                    });
                }));
    }

    /**
     * Releases the leases that the database assigns to this node and that have no attempt here. Does nothing during a claim, because
     * the response of the claim may contain these leases.
     */
    private void releaseOrphans() {
        UUID nodeId = localNode.claimingId().orElse(null);
        if (nodeId == null || claiming) {
            return;
        }
        queue.findHeld(nodeId, ORPHAN_AGE)
                .onComplete(held -> eventLoop.runOnContext(v -> {
                    if (held.failed()) {
                        logLookupFailure("orphaned lease query failed", held.cause());
                    } else if (!claiming) {
                        held.result().stream()
                                .filter(fencingToken -> !runningAttempts.containsKey(fencingToken))
                                .forEach(this::releaseOrphan);
                    }
                }));
    }

    private void logLookupFailure(String message, Throwable error) {
        LOG.atWarn()
                .addKeyValue("queue", queue.jobName())
                .addKeyValue("reason", error.getMessage())
                .log(message);
    }

    private void releaseOrphan(FencingToken fencingToken) {
        queue.release(fencingToken)
                .onSuccess(released -> eventLoop.runOnContext(v -> {
                    // False when the attempt has just ended.
                    if (released) {
                        LOG.atWarn()
                                .addKeyValue(queue.jobName(), fencingToken.key())
                                .log("orphaned lease released");
                        claim();
                    }
                }));
    }
}
