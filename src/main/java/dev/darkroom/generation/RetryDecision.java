package dev.darkroom.generation;

import dev.darkroom.backend.FailureClass;
import java.time.Duration;

/** What follows from an attempt without success. */
public sealed interface RetryDecision {

    /** Whether the attempt counts towards the limit. */
    boolean counted();

    /** Another attempt, after a while. */
    record Retry(Duration delay, boolean counted) implements RetryDecision {}

    /** The end, FAILED for this reason. */
    record Fail(FailureReason failureReason, boolean counted) implements RetryDecision {}

    /**
     * Why a generation is FAILED.
     *
     * @param code for programs
     * @param message for people, in our words
     * @param retryable whether asking again, as a new generation, may help
     */
    record FailureReason(String code, FailureClass failureClass, String message, boolean retryable) {}
}
