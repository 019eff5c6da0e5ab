package dev.darkroom;

import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was started, to be stopped in the opposite order, once. One thread starts, waits for a signal and stops; a signal
 * only wakes it. So a stop never meets a start that is half done, and nothing that was started is forgotten. Its methods
 * block: never for an event loop.
 */
final class Lifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);

    /** Longer than any step takes when all is well. */
    private static final Duration STEP = Duration.ofMinutes(2);

    /** A Ctrl-C reaches the programs that a start waits for as well, and their end may be noticed before the signal is. */
    private static final long SIGNAL_LAG_MS = 250;

    private final Deque<Step> steps = new ArrayDeque<>();
    private final CountDownLatch signal = new CountDownLatch(1);

    private record Step(String name, Duration patience, Supplier<Future<?>> stop) {}

    /**
     * Remembers how to stop what has just been started.
     *
     * @throws StartException when a signal has arrived meanwhile, so that the start goes no further
     */
    void started(String name, Supplier<Future<?>> stop) {
        started(name, Duration.ZERO, stop);
    }

    /** As {@link #started(String, Supplier)}, for what may take {@code longer} to stop than others. */
    synchronized void started(String name, Duration longer, Supplier<Future<?>> stop) {
        steps.push(new Step(name, STEP.plus(longer), stop));
        if (signal.getCount() == 0) {
            throw new StartException("told to stop while starting");
        }
    }

    /** Deploys a verticle, and remembers to undeploy it. */
    void deploy(Vertx vertx, String name, Deployable verticle) throws Exception {
        String id = await(vertx.deployVerticle(verticle));
        started(name, () -> vertx.undeploy(id));
    }

    /** Deploys several instances, which are also undeployed together: none waits for the slow requests of another. */
    void deploy(Vertx vertx, String name, int instances, Supplier<Deployable> verticle) throws Exception {
        if (instances > 0) {
            String id = await(vertx.deployVerticle(verticle, new DeploymentOptions().setInstances(instances)));
            started(name, () -> vertx.undeploy(id));
        }
    }

    /** Waits for a step of the start; what it fails with is thrown as it is. */
    static <T> T await(Future<T> future) throws Exception {
        return await(future, STEP);
    }

    private static <T> T await(Future<T> future, Duration patience) throws Exception {
        try {
            return future.toCompletionStage().toCompletableFuture().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    /** The names of what was started, in the order in which {@link #stop} stops it. */
    synchronized List<String> stopOrder() {
        return steps.stream().map(Step::name).toList();
    }

    /**
     * Stops everything, last started first. A step that fails or hangs does not keep the others from their turn.
     *
     * @return whether all stopped well
     */
    synchronized boolean stop() {
        boolean well = true;
        while (!steps.isEmpty()) {
            Step step = steps.pop();
            try {
                await(step.stop().get(), step.patience());
                LOG.atInfo().addKeyValue("step", step.name()).log("stopped");
            } catch (TimeoutException e) {
                LOG.atError().addKeyValue("step", step.name()).log("did not stop in time");
                well = false;
            } catch (Exception e) {
                LOG.atError().addKeyValue("step", step.name()).setCause(e).log("did not stop well");
                well = false;
            }
        }
        return well;
    }

    /**
     * From now on SIGTERM and SIGINT wake this thread, which has to stop everything and then to halt the virtual machine:
     * left to itself, that answers a signal with 128 and its number, whatever its hooks do. {@link System#exit} is no way
     * out: it would wait for the hook, which waits for this thread.
     */
    void wakeOnSignal() {
        Thread waiting = Thread.currentThread();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            LOG.info("told to stop");
                            signal.countDown();
                            join(waiting);
                        },
                        "darkroom-signal"));
    }

    /** Waits for a signal. */
    void awaitSignal() throws InterruptedException {
        signal.await();
    }

    /** Whether a failure that has just been noticed comes from a signal. */
    boolean signalled() {
        try {
            return signal.await(SIGNAL_LAG_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
