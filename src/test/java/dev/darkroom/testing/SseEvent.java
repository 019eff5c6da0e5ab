package dev.darkroom.testing;

/**
 * One event of an event stream. Includes events without data, which a browser does not dispatch.
 *
 * @param id last event id, for {@code Last-Event-ID}; empty when there was none
 * @param name {@code message} when the server sent none
 * @param data empty for an event that only sets the id
 * @param arrivedMicros time of the read that completed the event, in microseconds since 1970
 */
public record SseEvent(String id, String name, String data, long arrivedMicros) {}
