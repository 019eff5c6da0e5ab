package dev.darkroom.testing;

/**
 * One event of an event stream, as a browser would dispatch it, and also those that a browser keeps to itself because they are
 * empty.
 *
 * @param id what a client that comes back would send as {@code Last-Event-ID}; empty while there was none
 * @param name {@code message} where the server said none
 * @param data empty for an event that only moves the id
 * @param arrivedMicros since 1970, when the bytes that completed it were read
 */
public record SseEvent(String id, String name, String data, long arrivedMicros) {}
