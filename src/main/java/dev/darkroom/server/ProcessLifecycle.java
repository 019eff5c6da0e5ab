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
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Graceful shutdown: stops the started components in reverse order, once, after SIGTERM, SIGINT or a failed start. One thread starts,
 * waits for a signal and stops; the signal only wakes that thread. Therefore a stop never runs concurrently with a start, and every
 * started component is stopped. The methods block: do not call them on an event loop.
 */
public final class ProcessLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(ProcessLifecycle.class);

    /** Limit of one step of start or stop. Longer than any step takes in normal operation. */
    private static final Duration STEP_TIMEOUT = Duration.ofMinutes(2);

    /**
     * Ctrl-C also ends the child processes that a start waits for. Their exit can arrive before the signal does; this is how
     * long to wait for the signal.
     */
    private static final Duration SIGNAL_GRACE = Duration.ofMillis(250);

    private final Deque<StopStep> steps = new ArrayDeque<>();
    private final CountDownLatch stopSignal = new CountDownLatch(1);

    private record StopStep(String name, Duration timeout, Supplier<Future<?>> stop) {}

    /**
     * Registers the stop action of a component that has just been started.
     *
     * @param name constant, logged with key {@code step}
     * @throws StartupException after a signal, to end the start; the action stays registered
     */
    void addStopStep(String name, Supplier<Future<?>> stop) {
        addStopStep(name, Duration.ZERO, stop);
    }

    /** As {@link #addStopStep(String, Supplier)}, with {@code extraTime} added to the timeout of the step. */
    synchronized void addStopStep(String name, Duration extraTime, Supplier<Future<?>> stop) {
        steps.push(new StopStep(name, STEP_TIMEOUT.plus(extraTime), stop));
        if (stopSignal.getCount() == 0) {
            throw new StartupException("shutdown requested during startup");
        }
    }

    /** Deploys a verticle and registers its undeployment as a stop step. */
    void deploy(Vertx vertx, String name, Deployable verticle) throws Exception {
        deploy(vertx, name, Duration.ZERO, verticle);
    }

    /** As {@link #deploy(Vertx, String, Deployable)}, with {@code extraTime} added to the timeout of the stop step. */
    void deploy(Vertx vertx, String name, Duration extraTime, Deployable verticle) throws Exception {
        String id = await(vertx.deployVerticle(verticle));
        addStopStep(name, extraTime, () -> vertx.undeploy(id));
    }

    /**
     * Deploys {@code instances} instances, or none when 0. One step undeploys all of them in parallel, so that no instance waits
     * for the slow requests of another.
     */
    void deploy(Vertx vertx, String name, int instances, Supplier<Deployable> verticle) throws Exception {
        if (instances > 0) {
            String id = await(vertx.deployVerticle(verticle, new DeploymentOptions().setInstances(instances)));
            addStopStep(name, () -> vertx.undeploy(id));
        }
    }

    /** Waits for a step of the start, at most two minutes, and rethrows its failure unwrapped. */
    public static <T> T await(Future<T> future) throws Exception {
        return future.await(STEP_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Returns the names of the registered steps, in the order in which {@link #stop} executes them. */
    synchronized List<String> stepNamesInStopOrder() {
        return steps.stream().map(StopStep::name).toList();
    }

    /**
     * Executes all steps, last registered first. Continues after a step that fails or times out. A second call does nothing.
     *
     * @return whether every step succeeded
     */
    public synchronized boolean stop() {
        boolean succeeded = true;
        while (!steps.isEmpty()) {
            StopStep stopStep = steps.pop();
            try {
                stopStep.stop().get().await(stopStep.timeout().toMillis(), TimeUnit.MILLISECONDS);
                LOG.atInfo().addKeyValue("step", stopStep.name()).log("stop step completed");
            } catch (TimeoutException e) {
                LOG.atError().addKeyValue("step", stopStep.name()).log("stop step timed out");
                succeeded = false;
            } catch (Throwable e) {
                LOG.atError().addKeyValue("step", stopStep.name()).setCause(e).log("stop step failed");
                succeeded = false;
            }
        }
        return succeeded;
    }

    /**
     * Makes SIGTERM and SIGINT wake the calling thread, which must then call {@link #stop} and {@link Runtime#halt}. Without
     * halt, the JVM exits with 128 plus the signal number. {@link System#exit} would deadlock: it waits for the shutdown hook,
     * which waits for this thread.
     */
    public void installSignalHandler() {
        Thread mainThread = Thread.currentThread();
        Runtime.getRuntime()
                .addShutdownHook(new Thread(
                        () -> {
                            LOG.info("shutdown requested");
                            stopSignal.countDown();
                            join(mainThread);
                        },
                        "darkroom-signal"));
    }

    /** Blocks until a signal arrives. */
    public void awaitSignal() throws InterruptedException {
        stopSignal.await();
    }

    /** Returns whether a signal has arrived, or arrives within 250 ms. Distinguishes failures caused by a signal from others. */
    public boolean isStopRequested() {
        return awaitSignal(SIGNAL_GRACE);
    }

    /** Blocks until a signal arrives, at most for the duration. Returns whether one has arrived. */
    boolean awaitSignal(Duration atMost) {
        try {
            return stopSignal.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
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
