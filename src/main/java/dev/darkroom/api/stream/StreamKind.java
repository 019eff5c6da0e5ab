package dev.darkroom.api.stream;

/** Kind of an event stream, for the metrics. */
public enum StreamKind {
    /** Server-sent events of the notifications of a user. */
    NOTIFICATIONS_SSE,
    /** WebSocket with the notifications of a user. */
    NOTIFICATIONS_WEBSOCKET,
    /** Server-sent events of one generation. */
    GENERATION_SSE
}
