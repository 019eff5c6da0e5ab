package dev.darkroom.generation;

import dev.darkroom.backend.FailureClass;

/**
 * Reason of a FAILED generation.
 *
 * @param code for programs
 * @param failureClass null for a cancellation that is not stored yet: the statement takes that of the last failure
 * @param message for people, not quoted from the AI server
 * @param retryable whether the same request may succeed as a new generation
 */
public record GenerationError(String code, FailureClass failureClass, String message, boolean retryable) {}
