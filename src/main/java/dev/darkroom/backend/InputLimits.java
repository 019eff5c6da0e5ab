package dev.darkroom.backend;

/**
 * Numbers of input images that a request may have. Immutable.
 *
 * @param images number of images, without the mask
 * @param masks number of masks: 0, 0 to 1, or 1
 */
public record InputLimits(NumberRange images, NumberRange masks) {
    private static final NumberRange ZERO = NumberRange.between(0, 0);

    /** Accepts no images. */
    public static final InputLimits NONE = new InputLimits(ZERO, ZERO);

    /** Returns limits without a minimum. */
    public static InputLimits upTo(int images, boolean mask) {
        return images == 0
                ? NONE
                : new InputLimits(NumberRange.between(0, images), mask ? NumberRange.between(0, 1) : ZERO);
    }

    /** Returns limits for requests that need this number of images. */
    public static InputLimits exactly(int images, boolean mask) {
        return new InputLimits(NumberRange.between(images, images), mask ? NumberRange.between(1, 1) : ZERO);
    }

    /** Returns the limits that allow what both allow. */
    public InputLimits narrow(InputLimits other) {
        return new InputLimits(images.intersect(other.images), masks.intersect(other.masks));
    }

    /** Returns whether a request with these images is within the limits. */
    public boolean accept(InputImages inputs) {
        return images.contains(inputs.images().size()) && masks.contains(inputs.mask() == null ? 0 : 1);
    }
}
