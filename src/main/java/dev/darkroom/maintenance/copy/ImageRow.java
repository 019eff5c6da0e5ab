package dev.darkroom.maintenance.copy;

import java.util.UUID;

/**
 * The row of a stored image: of a generation or an upload.
 *
 * @param sha256 in lower-case hexadecimal
 */
record ImageRow(UUID id, String key, String contentType, int width, int height, int bytes, String sha256) {}
