package dev.darkroom.backend;

import java.util.UUID;

/**
 * Identifies the job of one submission at an AI server. Immutable.
 *
 * @param key chosen by Darkroom and known before the submission; unique per submission. Never null
 * @param providerId id that the AI server assigned; null while none is known
 * @param apiKey name of the API key that submitted it; null while it is not submitted, and without a key
 */
public record JobReference(UUID key, String providerId, String apiKey) {
    /** Creates a reference without an API key. */
    public JobReference(UUID key, String providerId) {
        this(key, providerId, null);
    }

    /** Returns a reference without an id of the AI server and without an API key. */
    public static JobReference of(UUID key) {
        return new JobReference(key, null, null);
    }
}
