package dev.darkroom.generation;

import dev.darkroom.telemetry.TraceContext;
import java.time.Duration;
import java.util.UUID;

/**
 * Result of a generation that has ended.
 *
 * @param id id of the generation
 * @param userId its owner
 * @param status COMPLETE or FAILED
 * @param errorCode reason of the failure, for programs; null when COMPLETE
 * @param errorMessage reason of the failure, for people; null when COMPLETE
 * @param imageCount number of images, 0 when FAILED
 * @param failedAttempts number of attempts that ended without success
 * @param totalTime from its acceptance to its end
 * @param trace of the acceptance of the generation; null without tracing
 */
public record FinishedGeneration(
        UUID id,
        String userId,
        GenerationStatus status,
        String errorCode,
        String errorMessage,
        int imageCount,
        int failedAttempts,
        Duration totalTime,
        TraceContext trace) {}
