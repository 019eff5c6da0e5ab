package dev.darkroom;

import io.vertx.core.Future;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What was started, to be stopped in the opposite order, once, by whoever comes first: a signal or a failed start. Blocking,
 * so never for an event loop.
 */
final class Lifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(Lifecycle.class);

    /** Longer than any step takes when all is well, the grace period for AI calls included. */
    private static final long STEP_SECONDS = 120;

    private final Deque<Step> steps = new ArrayDeque<>();
    private boolean stopped;

    private record Step(String name, Supplier<Future<?>> stop) {}

    /** Remembers how to stop what has just been started. */
    synchronized void started(String name, Supplier<Future<?>> stop) {
        if (stopped) {
            throw new StartException("told to stop while starting");
        }
        steps.push(new Step(name, stop));
    }

    /** Waits for a step of the start. */
    static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(STEP_SECONDS, TimeUnit.SECONDS);
    }

    /** Stops everything, last started first. A step that fails or hangs does not keep the others from their turn. */
    synchronized void stop() {
        stopped = true;
        while (!steps.isEmpty()) {
            Step step = steps.pop();
            try {
                await(step.stop().get());
                LOG.atDebug().addKeyValue("step", step.name()).log("stopped");
            } catch (TimeoutException e) {
                LOG.atError().addKeyValue("step", step.name()).log("did not stop in time");
            } catch (Exception e) {
                LOG.atError().addKeyValue("step", step.name()).setCause(e).log("did not stop well");
            }
        }
    }

    /**
     * On SIGTERM and SIGINT: stop in order, exit with 0. The virtual machine would answer a signal with 128 and its number
     * whatever its hooks do, hence the halt; nothing of ours is left to run by then.
     */
    void stopOnSignal() {
        Thread hook = new Thread(
                () -> {
                    synchronized (this) {
                        if (stopped) {
                            return;
                        }
                        LOG.info("stopping");
                        stop();
                        LOG.info("stopped");
                    }
                    Runtime.getRuntime().halt(0);
                },
                "darkroom-stop");
        Runtime.getRuntime().addShutdownHook(hook);
    }
}
