package dev.darkroom.backend;

import java.util.List;
import java.util.stream.Stream;

/**
 * Values that requests may have. Those of a model are the values that all of its AI servers accept. Immutable.
 *
 * @param maxPromptLength in code points, of the prompt and of the negative prompt
 * @param width in pixels
 * @param height in pixels
 * @param sizes the only pairs of width and height; empty for any
 * @param count number of images
 * @param seed null when a seed is not sent
 * @param negativePrompt whether a negative prompt is sent
 * @param inputs numbers of input images
 */
public record RequestLimits(
        int maxPromptLength,
        NumberRange width,
        NumberRange height,
        List<ImageSize> sizes,
        NumberRange count,
        NumberRange seed,
        boolean negativePrompt,
        InputLimits inputs) {
    /** Seeds that all AI servers accept: 32-bit integers that are not negative. */
    public static final NumberRange SEEDS = NumberRange.between(0, Integer.MAX_VALUE);

    private static final NumberRange ANY = NumberRange.between(0, Integer.MAX_VALUE);

    /** No limits, but no input images: few protocols send them. */
    public static final RequestLimits NONE =
            new RequestLimits(Integer.MAX_VALUE, ANY, ANY, List.of(), ANY, SEEDS, true);

    public RequestLimits {
        sizes = List.copyOf(sizes);
    }

    /** Creates limits that accept no input images. */
    public RequestLimits(
            int maxPromptLength,
            NumberRange width,
            NumberRange height,
            List<ImageSize> sizes,
            NumberRange count,
            NumberRange seed,
            boolean negativePrompt) {
        this(maxPromptLength, width, height, sizes, count, seed, negativePrompt, InputLimits.NONE);
    }

    /** Returns the same limits with other numbers of input images. */
    public RequestLimits withInputs(InputLimits limits) {
        return limits.equals(inputs)
                ? this
                : new RequestLimits(maxPromptLength, width, height, sizes, count, seed, negativePrompt, limits);
    }

    /** Width and height in pixels. */
    public record ImageSize(int width, int height) {
        /** Parses a text such as {@code 1024x768}. */
        public static ImageSize parse(String text) {
            int x = text.indexOf('x');
            return new ImageSize(Integer.parseInt(text.substring(0, x)), Integer.parseInt(text.substring(x + 1)));
        }

        @Override
        public String toString() {
            return width + "x" + height;
        }
    }

    /**
     * Returns the limits of a protocol that may not send all fields.
     *
     * @param count whether the number of images is sent; without it the AI server makes one
     */
    public static RequestLimits ofFields(boolean count, boolean seed, boolean negativePrompt) {
        if (count && seed && negativePrompt) {
            return NONE;
        }
        return new RequestLimits(
                Integer.MAX_VALUE,
                ANY,
                ANY,
                List.of(),
                count ? ANY : NumberRange.between(1, 1),
                seed ? SEEDS : null,
                negativePrompt);
    }

    /** Returns the limits that allow what both allow. */
    public RequestLimits narrow(RequestLimits other) {
        if (other == NONE) {
            return withInputs(InputLimits.NONE);
        }
        return new RequestLimits(
                Math.min(maxPromptLength, other.maxPromptLength),
                width.intersect(other.width),
                height.intersect(other.height),
                commonSizes(other.sizes),
                count.intersect(other.count),
                seed == null || other.seed == null ? null : seed.intersect(other.seed),
                negativePrompt && other.negativePrompt,
                inputs.narrow(other.inputs));
    }

    /** As {@link #narrow}, but keeps a limit of this object where no value would be left, and the numbers of input images. */
    RequestLimits narrowIfPossible(RequestLimits other) {
        RequestLimits narrowed = new RequestLimits(
                Math.min(maxPromptLength, other.maxPromptLength),
                intersectIfPossible(width, other.width),
                intersectIfPossible(height, other.height),
                sizes,
                intersectIfPossible(count, other.count),
                seed == null || other.seed == null ? null : intersectIfPossible(seed, other.seed),
                negativePrompt && other.negativePrompt,
                inputs);
        return sizes.isEmpty() || narrowed.allowedSizes().findAny().isPresent()
                ? narrowed
                : new RequestLimits(
                        narrowed.maxPromptLength,
                        width,
                        height,
                        sizes,
                        narrowed.count,
                        narrowed.seed,
                        narrowed.negativePrompt,
                        inputs);
    }

    private static NumberRange intersectIfPossible(NumberRange range, NumberRange other) {
        NumberRange common = range.intersect(other);
        return common.acceptsNothing() ? range : common;
    }

    private List<ImageSize> commonSizes(List<ImageSize> others) {
        return sizes.isEmpty()
                ? others
                : others.isEmpty()
                        ? sizes
                        : sizes.stream().filter(others::contains).toList();
    }

    /** Returns the sizes within the bounds of width and height, in order of preference; empty when any size is allowed. */
    public Stream<ImageSize> allowedSizes() {
        return sizes.stream().filter(size -> width.contains(size.width()) && height.contains(size.height()));
    }
}
