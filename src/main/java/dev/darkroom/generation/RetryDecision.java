package dev.darkroom.generation;

import dev.darkroom.backend.FailureClass;
import java.time.Duration;

/** Decision after an attempt without success. */
public sealed interface RetryDecision {

    /** Whether the attempt counts towards {@code retry.maxAttempts}. */
    boolean counted();

    /** Makes another attempt after a delay. */
    record Retry(Duration delay, boolean counted) implements RetryDecision {}

    /** Ends the generation as FAILED. */
    record Fail(FailureReason failureReason, boolean counted) implements RetryDecision {}

    /**
     * Reason of a FAILED generation.
     *
     * @param code error code for programs
     * @param message error message for people, not quoted from the AI server
     * @param retryable whether the same request may succeed as a new generation
     */
    record FailureReason(String code, FailureClass failureClass, String message, boolean retryable) {}
}
