package dev.darkroom.queue;

import dev.darkroom.node.LocalNode;
import dev.darkroom.node.PeriodicTask;
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
 * Claims due work up to the free places of this process and has attempts made with it. For the event loop of the one verticle that
 * makes, starts and stops it. It is woken by whoever knows of new work, by its own retries, and by a poll that alone would do.
 *
 * @param <L> what is claimed
 */
public final class ClaimLoop<L extends Lease> {
    private static final Logger LOG = LoggerFactory.getLogger(ClaimLoop.class);

    /** A claimed lease that is not worked on for so long had its claim's answer lost. */
    private static final Duration ORPHAN_AGE = Duration.ofSeconds(15);

    /** With more than this part of its places taken, a process that has a backlog can wait for a moment. */
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
    /** Null until the loop is told to stop. */
    private Promise<Void> stopPromise;

    /**
     * When what is done.
     *
     * @param pollInterval how often is looked without a reason
     * @param leaseCheckInterval how often is looked for leases that are not known here, or not ours any more
     * @param shutdownGrace how long attempts under way may go on after the stop
     */
    public record Intervals(Duration pollInterval, Duration leaseCheckInterval, Duration shutdownGrace) {}

    /** On the event loop that it is for. */
    public ClaimLoop(Vertx vertx, LocalNode localNode, JobQueue<L> jobQueue, Intervals intervals) {
        this.vertx = vertx;
        this.eventLoop = vertx.getOrCreateContext();
        this.localNode = localNode;
        this.queue = jobQueue;
        this.intervals = intervals;
        this.pollTask = new PeriodicTask(vertx, intervals.pollInterval(), this::poll);
    }

    /** Begins, with a first claim at once. */
    public void start() {
        localNode.onIdentityLost(() -> eventLoop.runOnContext(lost -> abortAll()));
        vertx.setPeriodic(intervals.leaseCheckInterval().toMillis(), timer -> {
            releaseOrphans();
            abandonLost();
        });
        pollTask.start();
    }

    /**
     * Waits for the attempts under way, for the grace period; then breaks off and gives back what remains. What a claim
     * under way still brings is given back at once.
     */
    public Future<?> stop() {
        stopPromise = Promise.promise();
        pollTask.stop();
        if (!runningAttempts.isEmpty()) {
            LOG.atInfo().addKeyValue("running", runningAttempts.size()).log("waiting for attempts under way");
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

    /** Asks without waiting for the answer: one that hangs must not be the last. */
    private Future<?> poll() {
        claim();
        return Future.succeededFuture();
    }

    /** There may be work: claims it if there is a free place. */
    public void claim() {
        if (stopPromise != null) {
            return;
        }
        if (claiming) {
            claimRequested = true;
            return;
        }
        int free = queue.freeCapacity(runningAttempts.size());
        UUID claimant = localNode.claimingId().orElse(null);
        if (free <= 0 || claimant == null) {
            return;
        }
        claiming = true;
        claimRequested = false;
        queue.claim(claimant, free).onComplete(claimed -> eventLoop.runOnContext(back -> onClaimed(claimed, free)));
    }

    /**
     * Calls {@code handler} with the leases of the attempts under way, after the claim that is under way: its answer may name more
     * of them.
     */
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
                    .addKeyValue("work", queue.jobName())
                    .addKeyValue("reason", claimed.cause().getMessage())
                    .log("claiming failed");
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
        boolean wanted = stopPromise == null
                && localNode
                        .validId()
                        .filter(lease.fencingToken().nodeId()::equals)
                        .isPresent();
        // Back to our event loop, wherever the last write of the attempt was answered.
        (wanted ? jobAttempt.run() : jobAttempt.release())
                .onComplete(done -> eventLoop.runOnContext(back -> onAttemptEnded(lease, done)));
    }

    private void onAttemptEnded(L lease, AsyncResult<Duration> done) {
        runningAttempts.remove(lease.fencingToken());
        if (done.failed()) {
            LOG.atError()
                    .addKeyValue(queue.jobName(), lease.fencingToken().key())
                    .setCause(done.cause())
                    .log("attempt ended without a record");
        } else if (done.result() != null) {
            vertx.setTimer(done.result().toMillis() + 1, timer -> claim());
        }
        completeStopIfIdle();
        scheduleClaim();
    }

    /**
     * Places become free together, when what they recorded shared a statement: one claim is to fill them all. So it comes
     * after all that the event loop has to do now; and where more waits than there was room for, and most places are at work,
     * after a moment in which more of them may become free.
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
     * Breaks off the attempts whose leases are not ours any more, such as when what they work on was cancelled. Only those that were
     * claimed before the database is asked.
     */
    public void abandonLost() {
        UUID claimant = localNode.claimingId().orElse(null);
        if (claimant == null || runningAttempts.isEmpty()) {
            return;
        }
        Map<FencingToken, JobAttempt> asked = Map.copyOf(runningAttempts);
        queue.findHeld(claimant, Duration.ZERO)
                .onComplete(held -> eventLoop.runOnContext(back -> {
                    if (held.failed()) {
                        logLookupFailure("looking for lost leases failed", held.cause());
                        return;
                    }
                    asked.forEach((fencingToken, jobAttempt) -> {
                        boolean ours = !fencingToken.nodeId().equals(claimant)
                                || held.result().contains(fencingToken);
                        if (!ours && runningAttempts.containsKey(fencingToken)) {
                            jobAttempt.abandon();
                        }
                    });
                }));
    }

    /**
     * Gives back what the database holds for this node and the node does not know of. Never beside a claim, whose answer may
     * be about to make these leases known.
     */
    private void releaseOrphans() {
        UUID claimant = localNode.claimingId().orElse(null);
        if (claimant == null || claiming) {
            return;
        }
        queue.findHeld(claimant, ORPHAN_AGE)
                .onComplete(held -> eventLoop.runOnContext(back -> {
                    if (held.failed()) {
                        logLookupFailure("looking for forgotten leases failed", held.cause());
                    } else if (!claiming) {
                        held.result().stream()
                                .filter(fencingToken -> !runningAttempts.containsKey(fencingToken))
                                .forEach(this::releaseOrphan);
                    }
                }));
    }

    private void logLookupFailure(String what, Throwable error) {
        LOG.atWarn()
                .addKeyValue("work", queue.jobName())
                .addKeyValue("reason", error.getMessage())
                .log(what);
    }

    private void releaseOrphan(FencingToken fencingToken) {
        queue.release(fencingToken)
                .onSuccess(released -> eventLoop.runOnContext(back -> {
                    // Not so when its attempt has just ended by itself.
                    if (released) {
                        LOG.atWarn()
                                .addKeyValue(queue.jobName(), fencingToken.key())
                                .log("lease without an attempt given back");
                        claim();
                    }
                }));
    }
}
