package dev.darkroom.config;

import java.util.Optional;

/**
 * A secret string. {@code toString} redacts it, so that logs and messages never contain it.
 *
 * @param value the plain secret, never null; empty when there is none
 */
public record Secret(String value) {

    /** The absent secret. */
    public static final Secret NONE = new Secret("");

    /** Returns the API key in a text, without surrounding white space; empty when it has none or other characters. */
    public static Optional<Secret> ofApiKey(String text) {
        String key = text.strip();
        return TextFormat.API_KEY.matches(key) ? Optional.of(new Secret(key)) : Optional.empty();
    }

    /** Returns whether there is a secret. */
    public boolean isPresent() {
        return !value.isEmpty();
    }

    @Override
    public String toString() {
        return isPresent() ? "<redacted>" : "<none>";
    }
}
