package dev.darkroom.config;

import java.nio.file.Path;

/**
 * Source of one API key of an AI server: either a value, which is fixed at the start, or a file, which is read again when it changes.
 *
 * @param name for attempts, logs and administrators; not a secret
 * @param value {@link Secret#NONE} for a file
 * @param file absolute path; null for a value
 */
public record BackendKeySource(String name, Secret value, Path file) {
    /** Name of the key of the setting {@code apiKey}. */
    public static final String DEFAULT_NAME = "default";
}
