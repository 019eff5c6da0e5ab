package dev.darkroom.upload;

import java.time.Instant;
import java.util.UUID;

/**
 * An uploaded image. Immutable.
 *
 * @param userId its owner
 * @param width in pixels
 * @param height in pixels
 * @param bytes size of the stored file, without metadata
 * @param sha256 hash of the stored file in lower-case hexadecimal
 * @param expiresAt from then on no request may name it
 */
public record Upload(
        UUID id,
        String userId,
        String mediaType,
        int width,
        int height,
        long bytes,
        String sha256,
        String storageKey,
        Instant createdAt,
        Instant expiresAt) {}
