package dev.darkroom.generation.worker;

import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.store.GenerationLeaseStore;
import dev.darkroom.node.LocalNode;
import dev.darkroom.queue.ClaimLoop;
import dev.darkroom.queue.FencingToken;
import io.vertx.core.Context;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stores which attempts of erased generations have ended in this process.
 *
 * @param eventLoop of {@code claimLoop}
 */
record ErasedAttemptConfirmer(
        LocalNode localNode, GenerationLeaseStore leases, ClaimLoop<GenerationLease> claimLoop, Context eventLoop) {
    private static final Logger LOG = LoggerFactory.getLogger(ErasedAttemptConfirmer.class);

    /**
     * Queries the database first: its attempts were leased before the query, so they are known here after the pending statements. The
     * next signal repeats a failed statement.
     */
    void confirm() {
        localNode
                .validId()
                .ifPresent(id -> leases.findErased(id)
                        .onSuccess(erased -> eventLoop.runOnContext(v -> confirmEnded(id, erased)))
                        .onFailure(ErasedAttemptConfirmer::logFailure));
    }

    private void confirmEnded(UUID nodeId, List<FencingToken> erased) {
        claimLoop.withRunning(running -> {
            List<FencingToken> ended = erased.stream()
                    .filter(attempt -> !running.contains(attempt))
                    .toList();
            if (!ended.isEmpty()) {
                leases.markErasedEnded(nodeId, ended).onFailure(ErasedAttemptConfirmer::logFailure);
            }
        });
    }

    private static void logFailure(Throwable error) {
        LOG.atWarn().addKeyValue("reason", error.getMessage()).log("erased attempts not confirmed");
    }
}
