package dev.darkroom.generation;

/**
 * Cost of a submission. Immutable.
 *
 * @param micros millionths of the configured currency; not negative
 */
public record Cost(long micros, Source source) {
    /** Origin of a cost. */
    public enum Source {
        /** The usage that the AI server reported, at the configured price of its unit. */
        REPORTED,
        /** The configured price of the images. */
        CONFIGURED
    }
}
