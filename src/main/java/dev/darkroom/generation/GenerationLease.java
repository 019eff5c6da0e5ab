package dev.darkroom.generation;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.Lease;
import java.time.Duration;
import java.util.UUID;

/**
 * A leased generation: the right of this node to make one attempt, until another lease has a newer token. Durations are measured by
 * the database clock and count from its response, so that clocks of two machines are never compared.
 *
 * @param generationId id of the generation, also its key at the AI server
 * @param userId owner of the generation
 * @param nodeId node that owns the lease
 * @param token fencing token; increases with every lease
 * @param number number of the attempt, from 1
 * @param countedFailures failures counted before this attempt
 * @param lostAttempts attempts lost with their node before this one
 * @param attemptBudget maximum duration of the attempt, at least 1 ms; null after the attempt
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

    private static final Duration MIN_ATTEMPT_BUDGET = Duration.ofMillis(1);

    public GenerationLease {
        if (attemptBudget != null && attemptBudget.compareTo(MIN_ATTEMPT_BUDGET) < 0) {
            attemptBudget = MIN_ATTEMPT_BUDGET;
        }
    }

    /** Returns the lease of a generation that was leased when it was stored. */
    public static GenerationLease first(Generation generation, UUID nodeId, Duration attemptBudget, Duration timeLeft) {
        GenerationRequest request = generation.request();
        ImageRequest imageRequest = new ImageRequest(
                generation.id().toString(),
                request.prompt(),
                request.negativePrompt(),
                request.width(),
                request.height(),
                request.count(),
                request.seed(),
                request.model());
        return new GenerationLease(
                generation.id(), generation.userId(), nodeId, 1, 1, 0, 0, attemptBudget, timeLeft, imageRequest);
    }

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
