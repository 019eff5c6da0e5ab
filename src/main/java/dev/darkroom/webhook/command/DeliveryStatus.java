package dev.darkroom.webhook.command;

/** Status of a delivery. */
public enum DeliveryStatus {
    /** Scheduled or in progress. */
    PENDING,
    /** The receiver returned a 2xx status. */
    DELIVERED,
    /** Ended without success; no further attempt is made. */
    FAILED
}
