package dev.darkroom.http;

import java.time.Duration;

/**
 * Limits of an exchange.
 *
 * @param timeout from the lookup of the host to the last byte of the response, redirects included. Starts again while the
 *     exchange waits for memory, since the server is not the cause of that delay
 * @param maxBytes maximum body size of a successful response in bytes; a longer body is truncated
 * @param memory for the body
 * @param bodyRequired false when only the response head matters. The server may then send its body, but it is not stored, and
 *     the exchange succeeds when it is incomplete
 */
public record ResponseLimits(Duration timeout, int maxBytes, ResponseMemory memory, boolean bodyRequired) {}
