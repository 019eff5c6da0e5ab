package dev.darkroom.webhook;

/** What an attempt to deliver came to. */
enum DeliveryAttemptOutcome {
    DELIVERED,
    FAILED,
    /** Nobody ended it in time, though its process lives. */
    TIMEOUT,
    /** Its process died; the receiver may have got it. */
    LOST,
    /** Its process stopped; the receiver may have got it. Not counted. */
    INTERRUPTED
}
