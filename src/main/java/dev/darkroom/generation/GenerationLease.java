package dev.darkroom.generation;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.JobReference;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.RouteOffer;
import dev.darkroom.queue.FencingToken;
import dev.darkroom.queue.Lease;
import dev.darkroom.telemetry.TraceContext;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;

/**
 * A leased generation: the right of this node to make one attempt, until another lease has a newer token. Durations are measured by
 * the database clock and count from its response, so that clocks of two machines are never compared.
 *
 * @param generationId id of the generation, also its key at the AI server
 * @param userId owner of the generation
 * @param route key of the model in the queue
 * @param nodeId node that owns the lease
 * @param token fencing token; increases with every lease
 * @param number number of the attempt, from 1
 * @param countedFailures failures counted before this attempt
 * @param lostAttempts attempts lost with their node before this one
 * @param backend name of the AI server of the attempt
 * @param selection reason why the attempt is made there; {@link BackendSelection#LOOK_UP} when {@code job} was submitted before
 * @param job job of the attempt at the AI server
 * @param attemptBudget maximum duration of the attempt, at least 1 ms; null after the attempt
 * @param timeLeft time until the deadline of the generation
 * @param imageRequest request to the AI server
 * @param trace of the acceptance of the generation; null without tracing
 * @param waited time from the due time to the claim; null when the generation was leased when it was stored, and after the attempt
 */
public record GenerationLease(
        UUID generationId,
        String userId,
        String route,
        UUID nodeId,
        long token,
        int number,
        int countedFailures,
        int lostAttempts,
        String backend,
        BackendSelection selection,
        JobReference job,
        Duration attemptBudget,
        Duration timeLeft,
        ImageRequest imageRequest,
        TraceContext trace,
        Duration waited)
        implements Lease {

    private static final Duration MIN_ATTEMPT_BUDGET = Duration.ofMillis(1);

    public GenerationLease {
        if (attemptBudget != null && attemptBudget.compareTo(MIN_ATTEMPT_BUDGET) < 0) {
            attemptBudget = MIN_ATTEMPT_BUDGET;
        }
    }

    /**
     * Returns the lease of a generation that was leased when it was stored.
     *
     * @param slot backend of the first attempt
     * @param trace of its acceptance; null without tracing
     */
    public static GenerationLease first(
            Generation generation,
            RouteOffer.Slot slot,
            UUID nodeId,
            Duration attemptBudget,
            Duration timeLeft,
            TraceContext trace) {
        return new GenerationLease(
                generation.id(),
                generation.userId(),
                slot.route(),
                nodeId,
                1,
                1,
                0,
                0,
                slot.backend(),
                slot.selection(),
                JobReference.of(jobKey(generation.id(), 1)),
                attemptBudget,
                timeLeft,
                generation.request().toImageRequest(generation.id()),
                trace,
                null);
    }

    /**
     * Returns our key of the job that a lease submits: different for each lease, and the same on every node (a UUID of version 3, RFC
     * 9562).
     *
     * @param token fencing token of the lease
     */
    public static UUID jobKey(UUID generationId, long token) {
        return UUID.nameUUIDFromBytes((generationId + "/" + token).getBytes(StandardCharsets.US_ASCII));
    }

    /** Returns the lease with another AI server, to which nothing was submitted. */
    public GenerationLease moveTo(String other) {
        return new GenerationLease(
                generationId,
                userId,
                route,
                nodeId,
                token,
                number,
                countedFailures,
                lostAttempts,
                other,
                BackendSelection.FAILOVER,
                JobReference.of(job.key()),
                attemptBudget,
                timeLeft,
                imageRequest,
                trace,
                waited);
    }

    /** Returns whether the job was submitted before, so that it has to be looked up. */
    public boolean isLookUp() {
        return selection == BackendSelection.LOOK_UP;
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
