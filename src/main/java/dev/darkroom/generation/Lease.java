package dev.darkroom.generation;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.lease.Fence;
import dev.darkroom.lease.Leased;
import java.time.Duration;
import java.util.UUID;

/**
 * A generation that this node has claimed: the right to make one attempt, until somebody with a newer token takes it.
 * Times are spans by the database's clock, counted from when its answer was there; nothing here compares clocks of two
 * machines.
 *
 * @param generationId of the generation, also its key at the AI server
 * @param userId whose it is
 * @param nodeId the owner
 * @param token the fence; every later claim has a larger one
 * @param number which attempt this is, from 1
 * @param counted failures counted before this attempt
 * @param lost attempts lost with their node before this one
 * @param attemptBudget how long the attempt may take; positive
 * @param timeLeft until the generation's own deadline
 * @param work what to ask the AI server for
 */
record Lease(
        UUID generationId,
        String userId,
        UUID nodeId,
        long token,
        int number,
        int counted,
        int lost,
        Duration attemptBudget,
        Duration timeLeft,
        ImageRequest work)
        implements Leased {

    /** Returns the attempts before this one. */
    AttemptCounts counts() {
        return new AttemptCounts(counted, Math.max(0, number - 1 - counted - lost), lost);
    }

    @Override
    public Fence fence() {
        return new Fence(generationId, nodeId, token);
    }
}
