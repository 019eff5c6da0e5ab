package dev.darkroom.lease;

import dev.darkroom.node.Node;
import dev.darkroom.node.Recurring;
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
public final class ClaimLoop<L extends Leased> {
    private static final Logger LOG = LoggerFactory.getLogger(ClaimLoop.class);

    /** A claimed lease that is not worked on for so long had its claim's answer lost. */
    private static final Duration ORPHAN_AGE = Duration.ofSeconds(15);

    /** With more than this part of its places taken, a process that has a backlog can wait for a moment. */
    private static final double BUSY = 0.75;

    private static final Duration MOMENT = Duration.ofMillis(5);

    private final Vertx vertx;
    private final Context eventLoop;
    private final Node node;
    private final Work<L> work;
    private final Times times;
    private final Recurring polling;
    private final Map<Fence, Attempt> running = new HashMap<>();
    private final List<Consumer<Set<Fence>>> afterClaim = new ArrayList<>();

    private boolean claiming;
    private boolean wokenMeanwhile;
    private boolean claimPlanned;
    private boolean backlog;
    /** Null until the loop is told to stop. */
    private Promise<Void> idle;

    /**
     * When what is done.
     *
     * @param poll how often is looked without a reason
     * @param check how often is looked for leases that are not known here, or not ours any more
     * @param grace how long attempts under way may go on after the stop
     */
    public record Times(Duration poll, Duration check, Duration grace) {}

    /** On the event loop that it is for. */
    public ClaimLoop(Vertx vertx, Node node, Work<L> work, Times times) {
        this.vertx = vertx;
        this.eventLoop = vertx.getOrCreateContext();
        this.node = node;
        this.work = work;
        this.times = times;
        this.polling = new Recurring(vertx, times.poll(), this::poll);
    }

    /** Begins, with a first claim at once. */
    public void start() {
        node.onLost(() -> eventLoop.runOnContext(lost -> abortAll()));
        vertx.setPeriodic(times.check().toMillis(), timer -> {
            reclaimOrphans();
            abortLost();
        });
        polling.start();
    }

    /**
     * Waits for the attempts under way, for the grace period; then breaks off and gives back what remains. What a claim
     * under way still brings is given back at once.
     */
    public Future<?> stop() {
        idle = Promise.promise();
        polling.stop();
        if (!running.isEmpty()) {
            LOG.atInfo().addKeyValue("running", running.size()).log("waiting for attempts under way");
        }
        vertx.setTimer(Math.max(times.grace().toMillis(), 1), timer -> abortAll());
        checkIdle();
        return idle.future();
    }

    private void checkIdle() {
        if (idle != null && running.isEmpty() && !claiming) {
            idle.tryComplete();
        }
    }

    /** Asks without waiting for the answer: one that hangs must not be the last. */
    private Future<?> poll() {
        claim();
        return Future.succeededFuture();
    }

    /** There may be work: claims it if there is a free place. */
    public void claim() {
        if (idle != null) {
            return;
        }
        if (claiming) {
            wokenMeanwhile = true;
            return;
        }
        int free = work.free(running.size());
        UUID claimant = node.claimant().orElse(null);
        if (free <= 0 || claimant == null) {
            return;
        }
        claiming = true;
        wokenMeanwhile = false;
        work.claim(claimant, free).onComplete(claimed -> eventLoop.runOnContext(back -> claimed(claimed, free)));
    }

    /**
     * Calls {@code handler} with the leases of the attempts under way, after the claim that is under way: its answer may name more
     * of them.
     */
    public void withRunning(Consumer<Set<Fence>> handler) {
        afterClaim.add(handler);
        if (!claiming) {
            callWithRunning();
        }
    }

    private void callWithRunning() {
        List<Consumer<Set<Fence>>> handlers = List.copyOf(afterClaim);
        afterClaim.clear();
        handlers.forEach(handler -> handler.accept(Set.copyOf(running.keySet())));
    }

    private void claimed(AsyncResult<List<L>> claimed, int free) {
        claiming = false;
        if (claimed.failed()) {
            LOG.atWarn()
                    .addKeyValue("work", work.noun())
                    .addKeyValue("reason", claimed.cause().getMessage())
                    .log("claiming failed");
            callWithRunning();
            checkIdle();
            return;
        }
        claimed.result().forEach(this::begin);
        callWithRunning();
        checkIdle();
        backlog = claimed.result().size() == free;
        if (wokenMeanwhile || backlog) {
            claimSoon();
        }
    }

    private void begin(L lease) {
        Attempt attempt = work.attempt(lease);
        running.put(lease.fence(), attempt);
        boolean wanted = idle == null
                && node.trusted().filter(lease.fence().nodeId()::equals).isPresent();
        // Back to our event loop, wherever the last write of the attempt was answered.
        (wanted ? attempt.make() : attempt.giveBack())
                .onComplete(done -> eventLoop.runOnContext(back -> end(lease, done)));
    }

    private void end(L lease, AsyncResult<Duration> done) {
        running.remove(lease.fence());
        if (done.failed()) {
            LOG.atError()
                    .addKeyValue(work.noun(), lease.fence().key())
                    .setCause(done.cause())
                    .log("attempt ended without a record");
        } else if (done.result() != null) {
            vertx.setTimer(done.result().toMillis() + 1, timer -> claim());
        }
        checkIdle();
        claimSoon();
    }

    /**
     * Places become free together, when what they recorded shared a statement: one claim is to fill them all. So it comes
     * after all that the event loop has to do now; and where more waits than there was room for, and most places are at work,
     * after a moment in which more of them may become free.
     */
    public void claimSoon() {
        if (claimPlanned) {
            return;
        }
        claimPlanned = true;
        if (backlog && running.size() > work.places() * BUSY) {
            vertx.setTimer(MOMENT.toMillis(), timer -> claimAsPlanned());
        } else {
            eventLoop.runOnContext(later -> claimAsPlanned());
        }
    }

    private void claimAsPlanned() {
        claimPlanned = false;
        claim();
    }

    private void abortAll() {
        List.copyOf(running.values()).forEach(Attempt::abort);
    }

    /**
     * Breaks off the attempts whose leases are not ours any more, such as when what they work on was cancelled. Only those that were
     * claimed before the database is asked.
     */
    public void abortLost() {
        UUID claimant = node.claimant().orElse(null);
        if (claimant == null || running.isEmpty()) {
            return;
        }
        Map<Fence, Attempt> asked = Map.copyOf(running);
        work.held(claimant, Duration.ZERO)
                .onComplete(held -> eventLoop.runOnContext(back -> {
                    if (held.failed()) {
                        lookingFailed("looking for lost leases failed", held.cause());
                        return;
                    }
                    asked.forEach((fence, attempt) -> {
                        boolean ours = !fence.nodeId().equals(claimant)
                                || held.result().contains(fence);
                        if (!ours && running.containsKey(fence)) {
                            attempt.breakOff();
                        }
                    });
                }));
    }

    /**
     * Gives back what the database holds for this node and the node does not know of. Never beside a claim, whose answer may
     * be about to make these leases known.
     */
    private void reclaimOrphans() {
        UUID claimant = node.claimant().orElse(null);
        if (claimant == null || claiming) {
            return;
        }
        work.held(claimant, ORPHAN_AGE)
                .onComplete(held -> eventLoop.runOnContext(back -> {
                    if (held.failed()) {
                        lookingFailed("looking for forgotten leases failed", held.cause());
                    } else if (!claiming) {
                        held.result().stream()
                                .filter(fence -> !running.containsKey(fence))
                                .forEach(this::reclaim);
                    }
                }));
    }

    private void lookingFailed(String what, Throwable error) {
        LOG.atWarn()
                .addKeyValue("work", work.noun())
                .addKeyValue("reason", error.getMessage())
                .log(what);
    }

    private void reclaim(Fence fence) {
        work.release(fence)
                .onSuccess(released -> eventLoop.runOnContext(back -> {
                    // Not so when its attempt has just ended by itself.
                    if (released) {
                        LOG.atWarn().addKeyValue(work.noun(), fence.key()).log("lease without an attempt given back");
                        claim();
                    }
                }));
    }
}
