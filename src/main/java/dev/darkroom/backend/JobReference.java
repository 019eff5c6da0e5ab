package dev.darkroom.backend;

import java.util.UUID;

/**
 * Identifies the job of one submission at an AI server. Immutable.
 *
 * @param key chosen by Darkroom and known before the submission; unique per submission. Never null
 * @param providerId id that the AI server assigned; null while none is known
 */
public record JobReference(UUID key, String providerId) {
    /** Returns a reference without an id of the AI server. */
    public static JobReference of(UUID key) {
        return new JobReference(key, null);
    }
}
