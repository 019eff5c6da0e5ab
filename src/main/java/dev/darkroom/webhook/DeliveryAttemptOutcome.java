package dev.darkroom.webhook;

/** Outcome of a delivery attempt. */
public enum DeliveryAttemptOutcome {
    /** The receiver returned a 2xx status. */
    DELIVERED,
    /** The request failed, or the receiver returned another status. */
    FAILED,
    /** The attempt exceeded its deadline while its node was alive. */
    TIMEOUT,
    /** The node of the attempt expired. The receiver may have processed the request. */
    LOST,
    /** The node aborted the attempt at shutdown. The receiver may have processed the request. Not counted as a failure. */
    INTERRUPTED
}
