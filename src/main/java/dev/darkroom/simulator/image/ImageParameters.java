package dev.darkroom.simulator.image;

/**
 * Parameters of rendered images. Immutable.
 *
 * @param width in pixels, {@link PlaceholderImageRenderer#MIN_SIDE} to {@link PlaceholderImageRenderer#MAX_SIDE}
 * @param height in pixels, as {@code width}
 */
public record ImageParameters(String prompt, long seed, int width, int height) {}
