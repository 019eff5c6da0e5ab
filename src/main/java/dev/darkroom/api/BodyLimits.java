package dev.darkroom.api;

import java.time.Duration;

/**
 * How much of a body is read.
 *
 * @param bytes larger ones are refused
 * @param time slower ones are refused, from the end of the head to the end of the body
 */
record BodyLimits(int bytes, Duration time) {}
