package dev.darkroom.api.transport;

import java.time.Duration;

/**
 * How much of a body is read.
 *
 * @param maxBytes larger ones are refused
 * @param timeout slower ones are refused, from the end of the head to the end of the body
 */
public record RequestBodyLimits(int maxBytes, Duration timeout) {}
