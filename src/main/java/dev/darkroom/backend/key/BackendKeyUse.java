package dev.darkroom.backend.key;

import dev.darkroom.config.Secret;

/**
 * Use of an API key by one call.
 *
 * @param secret value of the key when the call started
 * @param startedAt start of the call in nanoseconds, by the clock of the ring
 */
public record BackendKeyUse(BackendKey key, Secret secret, long startedAt) {
    /** Returns whether the key has another value now, of which the outcome of the call says nothing. */
    boolean isReplaced() {
        return !key.secret().equals(secret);
    }
}
