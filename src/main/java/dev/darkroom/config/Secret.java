package dev.darkroom.config;

/**
 * A secret string. {@code toString} redacts it, so that logs and messages never contain it.
 *
 * @param value the plain secret, never null; empty when there is none
 */
public record Secret(String value) {

    /** The absent secret. */
    public static final Secret NONE = new Secret("");

    /** Returns whether there is a secret. */
    public boolean isPresent() {
        return !value.isEmpty();
    }

    @Override
    public String toString() {
        return isPresent() ? "<redacted>" : "<none>";
    }
}
