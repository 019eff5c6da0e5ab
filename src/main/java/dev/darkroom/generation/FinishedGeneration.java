package dev.darkroom.generation;

import java.util.UUID;

/**
 * What is said about a generation at its end.
 *
 * @param id of the generation
 * @param userId whose it is
 * @param status COMPLETE or FAILED
 * @param errorCode why it FAILED, for programs; null when COMPLETE
 * @param errorMessage the same for people; null when COMPLETE
 * @param imageCount how many pictures it has, 0 when FAILED
 * @param failedAttempts how many attempts ended without success
 */
public record FinishedGeneration(
        UUID id,
        String userId,
        GenerationStatus status,
        String errorCode,
        String errorMessage,
        int imageCount,
        int failedAttempts) {}
