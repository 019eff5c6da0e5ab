package dev.darkroom.generation;

import dev.darkroom.backend.Call;
import dev.darkroom.backend.Guard;
import dev.darkroom.config.Settings;
import dev.darkroom.database.Database;
import dev.darkroom.database.Hints;
import dev.darkroom.image.ImageStore;
import dev.darkroom.image.ImageStoreHealth;
import dev.darkroom.lease.Attempt;
import dev.darkroom.lease.ClaimLoop;
import dev.darkroom.lease.Fence;
import dev.darkroom.lease.Recorder;
import dev.darkroom.lease.Work;
import dev.darkroom.node.Node;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import java.time.Duration;
import java.util.List;
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

    /** What is worked on, as the log calls it. */
    static final String NOUN = "generation";

    private final Node node;
    private final Guard guard;
    private final LeaseStore leases;
    private final Hints hints;
    private final ImageStore images;
    private final ImageStoreHealth health;
    private final Settings settings;
    private final String backend;

    private final AttemptTimes times = new AttemptTimes();

    private EndAnnouncer announcer;
    private AttemptRunner runner;
    private ClaimLoop<Lease> loop;
    private Context eventLoop;

    /**
     * @param backend the name of what the guard guards
     * @param health of {@code images}; nothing is claimed while they cannot be written
     * @param listeners called inside the transactions that end generations
     */
    public WorkerVerticle(
            Node node,
            Guard guard,
            String backend,
            Database database,
            Hints hints,
            ImageStore images,
            ImageStoreHealth health,
            Settings settings,
            List<GenerationEndListener> listeners) {
        this.node = node;
        this.guard = guard;
        this.backend = backend;
        this.leases = new LeaseStore(database, listeners);
        this.hints = hints;
        this.images = images;
        this.health = health;
        this.settings = settings;
    }

    @Override
    public Future<?> start() {
        eventLoop = vertx.getOrCreateContext();
        announcer = new EndAnnouncer(vertx, hints);
        runner = new AttemptRunner(
                guard,
                new ImageWriter(vertx, images, health, leases, System::nanoTime),
                leases,
                new Recorder<>(vertx, node, NOUN, leases::recorded),
                new RetryPolicy(
                        settings.retry(), () -> ThreadLocalRandom.current().nextDouble()),
                announcer,
                System::nanoTime);
        loop = new ClaimLoop<>(
                vertx,
                node,
                new Generations(),
                new ClaimLoop.Times(
                        settings.worker().poll(),
                        settings.node().sweep(),
                        settings.shutdown().grace()));
        guard.onChange(() -> eventLoop.runOnContext(change -> {
            reportPace();
            loop.claimSoon();
        }));
        health.onChange(() -> eventLoop.runOnContext(change -> {
            reportPace();
            loop.claimSoon();
        }));
        reportPace();
        hints.listen(GenerationBus.WORK_HINT, () -> eventLoop.runOnContext(hint -> loop.claim()));
        hints.listen(GenerationBus.CANCELLED_HINT, () -> eventLoop.runOnContext(hint -> loop.abortLost()));
        vertx.eventBus().localConsumer(GenerationBus.CANCELLED, cancelled -> loop.abortLost());
        hints.listen(GenerationBus.ERASED_HINT, () -> eventLoop.runOnContext(hint -> confirmErased()));
        vertx.eventBus().localConsumer(GenerationBus.ERASED, erased -> confirmErased());
        loop.start();
        return vertx.eventBus()
                .localConsumer(GenerationBus.WAKE, wake -> loop.claim())
                .completion();
    }

    /** Waits for the attempts under way as {@link ClaimLoop#stop} does. */
    @Override
    public Future<?> stop() {
        return loop.stop();
    }

    /**
     * Stores which attempts of erased generations have ended. The database is asked first: an attempt that it names was claimed
     * before, so it is known here once no claim is under way. What fails is repeated with the next hint.
     */
    private void confirmErased() {
        node.trusted()
                .ifPresent(id -> leases.erased(id)
                        .onSuccess(erased -> eventLoop.runOnContext(back -> loop.withRunning(running -> {
                            List<Fence> ended = erased.stream()
                                    .filter(attempt -> !running.contains(attempt))
                                    .toList();
                            if (!ended.isEmpty()) {
                                leases.erasedEnded(id, ended).onFailure(WorkerVerticle::confirmationFailed);
                            }
                        })))
                        .onFailure(WorkerVerticle::confirmationFailed));
    }

    private static void confirmationFailed(Throwable error) {
        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("end of erased attempts not stored");
    }

    private void reportPace() {
        int concurrency = health.failing()
                ? 0
                : Math.min(guard.concurrency(), settings.worker().concurrency());
        node.report(new Node.Pace(concurrency, times.averageMillis()));
    }

    /** The queue of generations, as far as the guard lets this process work on it. */
    private final class Generations implements Work<Lease> {

        @Override
        public String noun() {
            return NOUN;
        }

        @Override
        public int places() {
            return settings.worker().concurrency();
        }

        @Override
        public int free(int running) {
            return health.failing() ? 0 : Math.min(guard.permits(), places() - running);
        }

        @Override
        public Future<List<Lease>> claim(UUID nodeId, int limit) {
            return leases.claim(
                    nodeId,
                    GenerationVerticle.DEFAULT_ROUTE,
                    limit,
                    backend,
                    settings.backend().timeout());
        }

        @Override
        public Attempt attempt(Lease lease) {
            return new AiCall(lease);
        }

        @Override
        public Future<List<Fence>> held(UUID nodeId, Duration age) {
            return leases.held(nodeId, age);
        }

        @Override
        public Future<Boolean> release(Fence fence) {
            return leases.release(fence);
        }
    }

    private final class AiCall implements Attempt {
        private final Lease lease;
        private final Call call;
        private volatile boolean lost;

        AiCall(Lease lease) {
            this.lease = lease;
            this.call = new Call(lease.attemptBudget());
        }

        @Override
        public Future<Duration> make() {
            long begunAt = System.nanoTime();
            announcer.moved(lease.generationId());
            return over(runner.run(lease, call, () -> lost)).onComplete(done -> {
                times.took(Duration.ofNanos(System.nanoTime() - begunAt));
                reportPace();
            });
        }

        @Override
        public Future<Duration> giveBack() {
            return over(runner.giveBack(lease));
        }

        @Override
        public void abort() {
            call.abort();
        }

        @Override
        public void breakOff() {
            lost = true;
            call.abort();
        }

        /** Back on our event loop, wherever the last write was answered. */
        private Future<Duration> over(Future<Duration> attempt) {
            Promise<Duration> over = Promise.promise();
            attempt.onComplete(done -> eventLoop.runOnContext(back -> over.handle(done)));
            return over.future();
        }
    }
}
