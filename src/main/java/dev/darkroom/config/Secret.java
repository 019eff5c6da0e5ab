package dev.darkroom.config;

/**
 * A string that does not show itself in logs or messages.
 *
 * @param value the secret itself, never null; empty when there is none
 */
public record Secret(String value) {

    /** No secret at all. */
    public static final Secret NONE = new Secret("");

    /** True when there is a secret. */
    public boolean isPresent() {
        return !value.isEmpty();
    }

    @Override
    public String toString() {
        return isPresent() ? "<redacted>" : "<none>";
    }
}
