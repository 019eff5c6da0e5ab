package dev.darkroom.queue;

import dev.darkroom.node.LocalNode;
import io.vertx.core.Context;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares the running attempts of a process with the leases that the database assigns to its node. Belongs to the event loop of its
 * {@link ClaimLoop}.
 */
final class LeaseCheck {
    private static final Logger LOG = LoggerFactory.getLogger(LeaseCheck.class);

    /** Age from which a lease without a running attempt counts as orphaned: the response to its statement was lost. */
    private static final Duration ORPHAN_AGE = Duration.ofSeconds(15);

    private final Context eventLoop;
    private final LocalNode localNode;
    private final JobQueue<?> queue;
    private final Consumer<Consumer<Set<FencingToken>>> withRunning;
    private final Map<FencingToken, JobAttempt> runningAttempts;
    private final Runnable afterRelease;

    /**
     * @param withRunning calls a handler with the running attempts, after the pending statements that may add some
     * @param runningAttempts live view, changed on the event loop
     * @param afterRelease called when a job is due again
     */
    LeaseCheck(
            Context eventLoop,
            LocalNode localNode,
            JobQueue<?> queue,
            Consumer<Consumer<Set<FencingToken>>> withRunning,
            Map<FencingToken, JobAttempt> runningAttempts,
            Runnable afterRelease) {
        this.eventLoop = eventLoop;
        this.localNode = localNode;
        this.queue = queue;
        this.withRunning = withRunning;
        this.runningAttempts = runningAttempts;
        this.afterRelease = afterRelease;
    }

    /**
     * Abandons the attempts without a lease in the database, for example of canceled jobs. Considers only attempts that run
     * when the query starts.
     */
    void abandonLost() {
        Map<FencingToken, JobAttempt> checked = Map.copyOf(runningAttempts);
        if (!checked.isEmpty()) {
            findHeld(
                    Duration.ZERO,
                    "lost lease query failed",
                    (nodeId, held) -> checked.forEach((fencingToken, jobAttempt) -> {
                        boolean lost = fencingToken.nodeId().equals(nodeId) && !held.contains(fencingToken);
                        if (lost && runningAttempts.containsKey(fencingToken)) {
                            jobAttempt.abandon();
                        }
                    }));
        }
    }

    /**
     * Releases the leases that the database assigns to this node and that have no attempt here. Compares them when the statements have
     * ended that were pending at the query, since their attempts start only then.
     */
    void releaseOrphans() {
        findHeld(
                ORPHAN_AGE,
                "orphaned lease query failed",
                (nodeId, held) -> withRunning.accept(known -> held.stream()
                        .filter(fencingToken -> !known.contains(fencingToken))
                        .forEach(this::releaseOrphan)));
    }

    /** Calls {@code handler} on the event loop with the node and its leases of at least an age. Does nothing without an identity. */
    private void findHeld(Duration age, String failureMessage, BiConsumer<UUID, Set<FencingToken>> handler) {
        localNode
                .claimingId()
                .ifPresent(nodeId -> queue.findHeld(nodeId, age)
                        .onComplete(held -> eventLoop.runOnContext(v -> {
                            if (held.succeeded()) {
                                handler.accept(nodeId, Set.copyOf(held.result()));
                                return;
                            }
                            LOG.atWarn()
                                    .addKeyValue("queue", queue.jobName())
                                    .addKeyValue("reason", held.cause().getMessage())
                                    .log(failureMessage);
                        })));
    }

    private void releaseOrphan(FencingToken fencingToken) {
        queue.release(fencingToken)
                .onSuccess(released -> eventLoop.runOnContext(v -> {
                    // False when the attempt has just ended.
                    if (released) {
                        LOG.atWarn()
                                .addKeyValue(queue.jobName(), fencingToken.key())
                                .log("orphaned lease released");
                        afterRelease.run();
                    }
                }));
    }
}
