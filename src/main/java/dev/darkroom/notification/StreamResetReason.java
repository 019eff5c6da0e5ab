package dev.darkroom.notification;

/** Reason why a stream cannot resume from a cursor. The client reloads the inbox and continues from the current end of the stream. */
public enum StreamResetReason {
    /** Notifications after the cursor were deleted by retention. */
    EXPIRED,
    /** The cursor belongs to an earlier numbering. */
    EPOCH_CHANGED,
    /** The cursor is above the last assigned sequence number. */
    BEYOND_END,
    /** The cursor is malformed. */
    MALFORMED
}
