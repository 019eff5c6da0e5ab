package dev.darkroom.backend;

import java.time.Duration;

/**
 * State of an API key of an AI server in this process, without its value.
 *
 * @param name from the configuration; not a secret
 * @param remainingCooldown time until calls use it again; zero when it is usable, or missing
 */
public record BackendKeyStatus(String name, State state, Duration remainingCooldown) {

    /** State of a key. */
    public enum State {
        /** Calls use the key. */
        USABLE,
        /** The AI server does not accept the key (401). */
        UNAUTHORIZED,
        /** The key has no permission (403). */
        FORBIDDEN,
        /** The account requires a payment (402). */
        PAYMENT_REQUIRED,
        /** The quota of the account is exhausted. */
        QUOTA_EXHAUSTED,
        /** The AI server limited the request rate (429). */
        RATE_LIMITED,
        /** The file of the key is missing or contains no key. No submission uses the key. */
        MISSING
    }
}
