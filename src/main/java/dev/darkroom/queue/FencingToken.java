package dev.darkroom.queue;

import java.util.UUID;

/**
 * What a lease is recognised by: every statement that ends one names all three, and changes nothing when they are not those of the
 * row.
 *
 * @param key of the row that is worked on
 * @param nodeId the owner
 * @param token every later claim of the row has a larger one
 */
public record FencingToken(UUID key, UUID nodeId, long token) {}
