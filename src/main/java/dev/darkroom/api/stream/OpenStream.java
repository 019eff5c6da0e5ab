package dev.darkroom.api.stream;

/** What stays open, an event stream or a socket, and may be told to go. For the event loop of its connection. */
interface OpenStream {

    /** Tells why, and after which time of its own to come back, and ends. Nothing when it is over. */
    void closeWithReason(String reason);
}
