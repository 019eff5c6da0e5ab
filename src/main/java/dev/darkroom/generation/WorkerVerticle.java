package dev.darkroom.generation;

import dev.darkroom.backend.Call;
import dev.darkroom.backend.Guard;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.image.ImageStore;
import dev.darkroom.node.Node;
import dev.darkroom.node.Recurring;
import io.vertx.core.AsyncResult;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Claims due generations up to the free capacity of this process and makes attempts with them. One instance per process,
 * since it is what counts the process's AI calls; its state lives on its event loop. It is woken by local submissions, by
 * its own retries, by hints of other processes, by the guard, and by a poll that alone would do.
 */
public final class WorkerVerticle extends VerticleBase {
    private static final Logger LOG = LoggerFactory.getLogger(WorkerVerticle.class);

    /** A claimed lease that is not worked on for so long had its claim's answer lost. */
    private static final Duration ORPHAN_AGE = Duration.ofSeconds(15);

    /** With more than this part of its places taken, a process that has a backlog can wait for a moment. */
    private static final double BUSY = 0.75;

    private static final Duration MOMENT = Duration.ofMillis(5);

    private final Node node;
    private final Guard guard;
    private final LeaseStore leases;
    private final Hints hints;
    private final ImageStore images;
    private final Settings settings;
    private final String backend;
    private final Map<Lease, Call> running = new HashMap<>();

    private final AttemptTimes times = new AttemptTimes();

    private EndAnnouncer announcer;
    private AttemptRunner runner;
    private Recurring polling;
    private Context eventLoop;
    private boolean claiming;
    private boolean wokenMeanwhile;
    private boolean claimPlanned;
    private boolean backlog;
    /** Null until the verticle is told to stop. */
    private Promise<Void> idle;

    /**
     * @param backend the name of what the guard guards
     * @param listeners called inside the transactions that end generations
     */
    public WorkerVerticle(
            Node node,
            Guard guard,
            String backend,
            Database database,
            Hints hints,
            ImageStore images,
            Settings settings,
            List<GenerationEndListener> listeners) {
        this.node = node;
        this.guard = guard;
        this.backend = backend;
        this.leases = new LeaseStore(database, listeners);
        this.hints = hints;
        this.images = images;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        eventLoop = vertx.getOrCreateContext();
        polling = new Recurring(vertx, settings.worker().poll(), this::poll);
        announcer = new EndAnnouncer(vertx, hints);
        runner = new AttemptRunner(
                guard,
                images,
                leases,
                new Recorder(vertx, node, leases),
                new RetryPolicy(
                        settings.retry(), () -> ThreadLocalRandom.current().nextDouble()),
                announcer,
                System::nanoTime);
        guard.onChange(() -> eventLoop.runOnContext(change -> {
            reportPace();
            claimSoon();
        }));
        reportPace();
        hints.listen(GenerationBus.WORK_HINT, () -> eventLoop.runOnContext(hint -> claim()));
        hints.listen(GenerationBus.CANCELLED_HINT, () -> eventLoop.runOnContext(hint -> abortLost()));
        vertx.eventBus().localConsumer(GenerationBus.CANCELLED, cancelled -> abortLost());
        node.onLost(() -> eventLoop.runOnContext(lost -> abortAll()));
        vertx.setPeriodic(settings.node().sweep().toMillis(), timer -> {
            reclaimOrphans();
            abortLost();
        });
        polling.start();
        return vertx.eventBus()
                .localConsumer(GenerationBus.WAKE, wake -> claim())
                .completion();
    }

    /**
     * Waits for the attempts under way, for the grace period; then breaks off and gives back what remains. What a claim
     * under way still brings is given back at once.
     */
    @Override
    public Future<?> stop() {
        idle = Promise.promise();
        polling.stop();
        if (!running.isEmpty()) {
            LOG.atInfo().addKeyValue("running", running.size()).log("waiting for attempts under way");
        }
        vertx.setTimer(Math.max(settings.shutdown().grace().toMillis(), 1), timer -> abortAll());
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

    private void claim() {
        if (idle != null) {
            return;
        }
        if (claiming) {
            wokenMeanwhile = true;
            return;
        }
        int free = Math.min(guard.permits(), settings.worker().concurrency() - running.size());
        UUID claimant = node.claimant().orElse(null);
        if (free <= 0 || claimant == null) {
            return;
        }
        claiming = true;
        wokenMeanwhile = false;
        leases.claim(
                        claimant,
                        GenerationVerticle.DEFAULT_ROUTE,
                        free,
                        backend,
                        settings.backend().timeout())
                .onComplete(claimed -> {
                    claiming = false;
                    if (claimed.failed()) {
                        LOG.atWarn()
                                .addKeyValue("reason", claimed.cause().getMessage())
                                .log("claiming failed");
                        checkIdle();
                        return;
                    }
                    claimed.result().forEach(this::begin);
                    checkIdle();
                    backlog = claimed.result().size() == free;
                    if (wokenMeanwhile || backlog) {
                        claimSoon();
                    }
                });
    }

    private void begin(Lease lease) {
        long begunAt = System.nanoTime();
        Call call = new Call(lease.attemptBudget());
        running.put(lease, call);
        boolean wanted =
                idle == null && node.trusted().filter(lease.nodeId()::equals).isPresent();
        if (wanted) {
            announcer.moved(lease.generationId());
        }
        // Back to our event loop, wherever the last write of the attempt was answered.
        (wanted ? runner.run(lease, call) : runner.giveBack(lease))
                .onComplete(done -> eventLoop.runOnContext(back -> {
                    if (wanted) {
                        times.took(Duration.ofNanos(System.nanoTime() - begunAt));
                        reportPace();
                    }
                    end(lease, done);
                }));
    }

    private void reportPace() {
        int concurrency = Math.min(guard.concurrency(), settings.worker().concurrency());
        node.report(new Node.Pace(concurrency, times.averageMillis()));
    }

    private void end(Lease lease, AsyncResult<Duration> done) {
        running.remove(lease);
        runner.over(lease);
        if (done.failed()) {
            LOG.atError()
                    .addKeyValue("generation", lease.generationId())
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
    private void claimSoon() {
        if (claimPlanned) {
            return;
        }
        claimPlanned = true;
        if (backlog && running.size() > settings.worker().concurrency() * BUSY) {
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
        List.copyOf(running.values()).forEach(Call::abort);
    }

    /**
     * Breaks off the attempts whose generations are not ours any more, because they were cancelled. Only those that were claimed
     * before the database is asked.
     */
    private void abortLost() {
        UUID claimant = node.claimant().orElse(null);
        if (claimant == null || running.isEmpty()) {
            return;
        }
        Map<Lease, Call> asked = Map.copyOf(running);
        leases.held(claimant, Duration.ZERO)
                .onSuccess(held -> asked.forEach((lease, call) -> {
                    boolean ours =
                            !lease.nodeId().equals(claimant) || held.stream().anyMatch(other -> same(lease, other));
                    if (!ours && running.containsKey(lease)) {
                        runner.breakOff(lease, call);
                    }
                }))
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("reason", error.getMessage())
                        .log("looking for cancelled generations failed"));
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
        leases.held(claimant, ORPHAN_AGE)
                .onSuccess(held -> {
                    if (!claiming) {
                        held.stream().filter(lease -> !runs(lease)).forEach(this::reclaim);
                    }
                })
                .onFailure(error -> LOG.atWarn()
                        .addKeyValue("reason", error.getMessage())
                        .log("looking for forgotten leases failed"));
    }

    private void reclaim(Lease lease) {
        leases.release(lease).onSuccess(released -> {
            // Not so when its attempt has just ended by itself.
            if (released) {
                LOG.atWarn().addKeyValue("generation", lease.generationId()).log("lease without an attempt given back");
                claim();
            }
        });
    }

    private boolean runs(Lease lease) {
        return running.keySet().stream().anyMatch(ours -> same(ours, lease));
    }

    private static boolean same(Lease one, Lease other) {
        return one.generationId().equals(other.generationId()) && one.token() == other.token();
    }
}
