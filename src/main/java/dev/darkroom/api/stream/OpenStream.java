package dev.darkroom.api.stream;

/** An open SSE stream or WebSocket that the server may close. Confined to the event loop of its connection. */
interface OpenStream {

    /** Sends the reason and a random reconnect delay to the client, and closes. Does nothing when already closed. */
    void closeWithReason(String reason);
}
