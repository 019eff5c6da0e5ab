package dev.darkroom.generation;

/** Outcome of an ended attempt. The API shows an attempt that has not ended as {@code RUNNING}, which is not a constant here. */
public enum AttemptOutcome {
    /** The images were received and stored. */
    SUCCEEDED,
    /** Failed; another attempt may succeed. */
    RETRYABLE,
    /** Failed; no other attempt can succeed. */
    PERMANENT,
    /** Aborted at the deadline of the attempt. */
    TIMEOUT,
    /** The node of the attempt died. Recorded by the reaper of another node. */
    LOST,
    /** Aborted by this service: its process stopped or the generation was canceled. */
    INTERRUPTED
}
