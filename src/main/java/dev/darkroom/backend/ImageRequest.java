package dev.darkroom.backend;

/**
 * What an AI server is asked for, in no protocol's words. Immutable.
 *
 * @param key the same for every attempt at the same work; sent along so that an AI server that knows idempotency keys
 *     does the work once
 * @param prompt never null or blank
 * @param negativePrompt null when there is none
 * @param width in pixels
 * @param height in pixels
 * @param count how many pictures, at least 1
 * @param seed 0 to 2^31-1; chosen before the first attempt, so that a repeated one asks for the same picture
 * @param model null leaves the choice to the AI server
 */
public record ImageRequest(
        String key, String prompt, String negativePrompt, int width, int height, int count, long seed, String model) {}
