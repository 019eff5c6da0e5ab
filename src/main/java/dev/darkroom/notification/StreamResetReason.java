package dev.darkroom.notification;

/** Why a cursor is worth nothing. Whoever is told so reads the list, and goes on from the present end. */
public enum StreamResetReason {
    /** Notifications after it are kept no longer. */
    EXPIRED,
    /** It is of a time before the numbers began anew. */
    EPOCH,
    /** It is of a number that was not given out yet. */
    AHEAD,
    /** It is none that was ever given out. */
    UNREADABLE
}
