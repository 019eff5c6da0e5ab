package dev.darkroom.generation.worker;

import dev.darkroom.generation.GenerationError;
import java.time.Duration;

/** Decision after an attempt without success. */
sealed interface RetryDecision {

    /** Whether the attempt counts towards {@code retry.maxAttempts}. */
    boolean counted();

    /** Makes another attempt after a delay. */
    record Retry(Duration delay, boolean counted) implements RetryDecision {}

    /** Ends the generation as FAILED. */
    record Fail(GenerationError error, boolean counted) implements RetryDecision {}
}
