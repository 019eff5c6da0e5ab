package dev.darkroom.api.body;

import java.time.Duration;

/**
 * Limits of a request body.
 *
 * @param maxBytes maximum size
 * @param timeout maximum time from the end of the head to the end of the body
 */
public record RequestBodyLimits(int maxBytes, Duration timeout) {}
