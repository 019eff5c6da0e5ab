package dev.darkroom.server;

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
public final class ProcessLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessLifecycle.class);

    /** Longer than any step takes when all is well. */
    private static final Duration STEP_TIMEOUT = Duration.ofMinutes(2);

    /** A Ctrl-C reaches the programs that a start waits for as well, and their end may be noticed before the signal is. */
    private static final long SIGNAL_GRACE_MILLIS = 250;

    private final Deque<StopStep> steps = new ArrayDeque<>();
    private final CountDownLatch stopSignal = new CountDownLatch(1);

    private record StopStep(String name, Duration timeout, Supplier<Future<?>> stop) {}

    /**
     * Remembers how to stop what has just been started.
     *
     * @throws StartupException when a signal has arrived meanwhile, so that the start goes no further
     */
    void addStopStep(String name, Supplier<Future<?>> stop) {
        addStopStep(name, Duration.ZERO, stop);
    }

    /** As {@link #addStopStep(String, Supplier)}, for what may take {@code longer} to stop than others. */
    synchronized void addStopStep(String name, Duration longer, Supplier<Future<?>> stop) {
        steps.push(new StopStep(name, STEP_TIMEOUT.plus(longer), stop));
        if (stopSignal.getCount() == 0) {
            throw new StartupException("told to stop while starting");
        }
    }

    /** Deploys a verticle, and remembers to undeploy it. */
    void deploy(Vertx vertx, String name, Deployable verticle) throws Exception {
        String id = await(vertx.deployVerticle(verticle));
        addStopStep(name, () -> vertx.undeploy(id));
    }

    /** Deploys several instances, which are also undeployed together: none waits for the slow requests of another. */
    void deploy(Vertx vertx, String name, int instances, Supplier<Deployable> verticle) throws Exception {
        if (instances > 0) {
            String id = await(vertx.deployVerticle(verticle, new DeploymentOptions().setInstances(instances)));
            addStopStep(name, () -> vertx.undeploy(id));
        }
    }

    /** Waits for a step of the start; what it fails with is thrown as it is. */
    public static <T> T await(Future<T> future) throws Exception {
        return await(future, STEP_TIMEOUT);
    }

    private static <T> T await(Future<T> future, Duration patience) throws Exception {
        try {
            return future.toCompletionStage().toCompletableFuture().get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    /** The names of what was started, in the order in which {@link #stop} stops it. */
    synchronized List<String> stepNamesInStopOrder() {
        return steps.stream().map(StopStep::name).toList();
    }

    /**
     * Stops everything, last started first. A step that fails or hangs does not keep the others from their turn.
     *
     * @return whether all stopped well
     */
    public synchronized boolean stop() {
        boolean well = true;
        while (!steps.isEmpty()) {
            StopStep stopStep = steps.pop();
            try {
                await(stopStep.stop().get(), stopStep.timeout());
                LOG.atInfo().addKeyValue("step", stopStep.name()).log("stopped");
            } catch (TimeoutException e) {
                LOG.atError().addKeyValue("step", stopStep.name()).log("did not stop in time");
                well = false;
            } catch (Exception e) {
                LOG.atError().addKeyValue("step", stopStep.name()).setCause(e).log("did not stop well");
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
    public void installSignalHandler() {
        Thread waiting = Thread.currentThread();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            LOG.info("told to stop");
                            stopSignal.countDown();
                            join(waiting);
                        },
                        "darkroom-signal"));
    }

    /** Waits for a signal. */
    public void awaitSignal() throws InterruptedException {
        stopSignal.await();
    }

    /** Whether a failure that has just been noticed comes from a signal. */
    public boolean isStopRequested() {
        try {
            return stopSignal.await(SIGNAL_GRACE_MILLIS, TimeUnit.MILLISECONDS);
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
