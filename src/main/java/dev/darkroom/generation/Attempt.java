package dev.darkroom.generation;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.JobProgress;
import dev.darkroom.generation.route.BackendSelection;
import java.time.Instant;

/**
 * Attempt of a generation. Immutable.
 *
 * @param number from 1
 * @param backend name of the AI server
 * @param selection reason why the attempt was made there
 * @param apiKey name of the API key of the AI server; null when no request with a key was made
 * @param progress as the AI server reports it; null when it reports none, and after the end
 * @param finishedAt null while it runs
 * @param outcome null while it runs
 * @param counted whether it counts towards {@code retry.maxAttempts}; false while it runs
 * @param error null while it runs and after success
 * @param retryAt due time of the next attempt; null when there is none
 * @param billing {@link AttemptBilling#NONE} while it runs
 */
public record Attempt(
        int number,
        String backend,
        BackendSelection selection,
        String apiKey,
        Instant startedAt,
        JobProgress progress,
        Instant finishedAt,
        AttemptOutcome outcome,
        boolean counted,
        AttemptError error,
        Instant retryAt,
        AttemptBilling billing) {

    /**
     * Reason why an attempt failed.
     *
     * @param code for programs
     * @param message for people
     * @param httpStatus status of the response; null without a response
     */
    public record AttemptError(FailureClass failureClass, String code, String message, Integer httpStatus) {}

    /**
     * Returns an attempt that has not ended.
     *
     * @param apiKey null before the first request with a key
     * @param progress null when the AI server reports none
     */
    public static Attempt running(
            int number,
            String backend,
            BackendSelection selection,
            String apiKey,
            Instant startedAt,
            JobProgress progress) {
        return new Attempt(
                number,
                backend,
                selection,
                apiKey,
                startedAt,
                progress,
                null,
                null,
                false,
                null,
                null,
                AttemptBilling.NONE);
    }

    /** Returns whether the attempt has not ended. */
    public boolean isRunning() {
        return outcome == null;
    }
}
