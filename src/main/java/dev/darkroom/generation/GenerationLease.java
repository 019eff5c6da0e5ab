package dev.darkroom.generation;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.Lease;
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
 * @param countedFailures failures counted before this attempt
 * @param lostAttempts attempts lost with their node before this one
 * @param attemptBudget how long the attempt may take; positive
 * @param timeLeft until the generation's own deadline
 * @param imageRequest what to ask the AI server for
 */
public record GenerationLease(
        UUID generationId,
        String userId,
        UUID nodeId,
        long token,
        int number,
        int countedFailures,
        int lostAttempts,
        Duration attemptBudget,
        Duration timeLeft,
        ImageRequest imageRequest)
        implements Lease {

    /** Returns the attempts before this one. */
    public AttemptCounts attemptCounts() {
        return new AttemptCounts(
                countedFailures, Math.max(0, number - 1 - countedFailures - lostAttempts), lostAttempts);
    }

    @Override
    public FencingToken fencingToken() {
        return new FencingToken(generationId, nodeId, token);
    }
}
