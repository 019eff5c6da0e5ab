package dev.darkroom.generation;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.route.BackendSelection;
import java.time.Instant;

/**
 * Attempt of a generation. Immutable.
 *
 * @param number from 1
 * @param backend name of the AI server
 * @param selection reason why the attempt was made there
 * @param finishedAt null while it runs
 * @param outcome null while it runs
 * @param counted whether it counts towards {@code retry.maxAttempts}; false while it runs
 * @param error null while it runs and after success
 * @param retryAt due time of the next attempt; null when there is none
 */
public record Attempt(
        int number,
        String backend,
        BackendSelection selection,
        Instant startedAt,
        Instant finishedAt,
        AttemptOutcome outcome,
        boolean counted,
        AttemptError error,
        Instant retryAt) {

    /**
     * Reason why an attempt failed.
     *
     * @param code for programs
     * @param message for people
     * @param httpStatus status of the response; null without a response
     */
    public record AttemptError(FailureClass failureClass, String code, String message, Integer httpStatus) {}

    /** Returns an attempt that has not ended. */
    public static Attempt running(int number, String backend, BackendSelection selection, Instant startedAt) {
        return new Attempt(number, backend, selection, startedAt, null, null, false, null, null);
    }

    /** Returns whether the attempt has not ended. */
    public boolean isRunning() {
        return outcome == null;
    }
}
