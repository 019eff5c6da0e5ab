package dev.darkroom.generation;

/** How an attempt ended. An attempt that has not ended is shown to callers as {@code RUNNING} and is not in here. */
public enum AttemptOutcome {
    /** The pictures came and are kept. */
    SUCCEEDED,
    /** Failed in a way that another attempt may mend. */
    RETRYABLE,
    /** Failed in a way that no attempt will mend. */
    PERMANENT,
    /** Broken off at its own deadline. */
    TIMEOUT,
    /** Its node died. Written by the sweep of another one. */
    LOST,
    /** Broken off by us, for a reason that is not the AI server's. */
    INTERRUPTED
}
