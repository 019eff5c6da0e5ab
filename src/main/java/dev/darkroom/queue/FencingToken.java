package dev.darkroom.queue;

import java.util.UUID;

/**
 * Identifies a lease. Every statement that ends a lease compares all three fields, and changes no row when one of them differs.
 *
 * @param key key of the queue row
 * @param nodeId node that owns the lease
 * @param token increases with every lease of the row
 */
public record FencingToken(UUID key, UUID nodeId, long token) {}
