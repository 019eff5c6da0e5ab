package dev.darkroom.generation;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.Lease;
import java.time.Duration;
import java.util.UUID;

/**
 * A claimed generation: the right of this node to make one attempt, until another claim assigns a newer token. Durations are measured by
 * the database clock and count from its response, so that clocks of two machines are never compared.
 *
 * @param generationId id of the generation, also its key at the AI server
 * @param userId owner of the generation
 * @param nodeId node that owns the lease
 * @param token fencing token; increases with every claim
 * @param number number of the attempt, from 1
 * @param countedFailures failures counted before this attempt
 * @param lostAttempts attempts lost with their node before this one
 * @param attemptBudget maximum duration of the attempt; positive
 * @param timeLeft time until the deadline of the generation
 * @param imageRequest request to the AI server
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
