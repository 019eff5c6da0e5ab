package dev.darkroom.generation;

import java.util.UUID;

/**
 * What is said about a generation at its end.
 *
 * @param id of the generation
 * @param userId whose it is
 * @param status COMPLETE or FAILED
 * @param errorCode why it FAILED, null when COMPLETE
 */
public record EndedGeneration(UUID id, String userId, GenerationStatus status, String errorCode) {}
