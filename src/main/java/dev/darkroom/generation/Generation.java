package dev.darkroom.generation;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * State of a generation at one moment. Immutable.
 *
 * @param userId its owner
 * @param queuePosition null unless the generation waits; also null in lists, after a submission and when the queue cannot be read
 * @param retryOf generation whose request it repeats; null when it is no retry
 * @param failedAttempts number of attempts that ended without success, also of those that retention deleted
 * @param attempts oldest first; a running one is the last
 * @param images empty unless the status is COMPLETE
 * @param error null unless the status is FAILED
 * @param completedAt null while the status is PENDING
 */
public record Generation(
        UUID id,
        String userId,
        GenerationStatus status,
        GenerationRequest request,
        QueuePosition queuePosition,
        UUID retryOf,
        int failedAttempts,
        List<Attempt> attempts,
        List<StoredImage> images,
        GenerationError error,
        Instant createdAt,
        Instant updatedAt,
        Instant completedAt)
        implements GenerationResult {
    public Generation {
        attempts = List.copyOf(attempts);
        images = List.copyOf(images);
    }

    /**
     * Place of a waiting generation in the queue.
     *
     * @param ahead number of generations ahead, counted up to a limit
     * @param estimatedStart null without an estimate
     */
    public record QueuePosition(long ahead, Instant estimatedStart) {}

    /** Returns a copy with a queue position. */
    public Generation withQueuePosition(QueuePosition queuePosition) {
        return new Generation(
                id,
                userId,
                status,
                request,
                queuePosition,
                retryOf,
                failedAttempts,
                attempts,
                images,
                error,
                createdAt,
                updatedAt,
                completedAt);
    }

    /** Returns whether the generation has not ended. */
    public boolean isPending() {
        return status == GenerationStatus.PENDING;
    }

    /**
     * Returns the version of this state. It increases with every event, and the same state has the same version in every process. {@code n}
     * is the number of an attempt, {@code a} the number of ended attempts:
     *
     * <ul>
     *   <li>1: the generation was accepted
     *   <li>2n: the attempt started
     *   <li>2n + 1: the attempt failed; a successful attempt ends the generation and has no version of its own
     *   <li>2a + 3: the generation ended, by its last attempt or while it waited
     * </ul>
     *
     * A lease that is released without an attempt decreases the version by one.
     */
    public long version() {
        return switch (status) {
            case PENDING -> 2L * failedAttempts + (hasRunningAttempt() ? 2 : 1);
            case FAILED -> 2L * failedAttempts + 3;
            case COMPLETE -> 2L * (failedAttempts + 1) + 3;
        };
    }

    /** Returns the number of attempts with a submission, without those that retention deleted. */
    public long submissions() {
        return attempts.stream()
                .filter(attempt -> attempt.billing().submitted())
                .count();
    }

    /** Returns the sum of the costs of the attempts in millionths of the currency; empty when none has a cost. */
    public OptionalLong costMicros() {
        return attempts.stream()
                .map(attempt -> attempt.billing().cost())
                .filter(Objects::nonNull)
                .mapToLong(Cost::micros)
                .reduce(Long::sum);
    }

    private boolean hasRunningAttempt() {
        return !attempts.isEmpty() && attempts.get(attempts.size() - 1).isRunning();
    }
}
