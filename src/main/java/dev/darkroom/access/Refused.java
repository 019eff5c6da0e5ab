package dev.darkroom.access;

/** Somebody is not let in. The message is for the caller, unless we {@link Why#CANNOT_TELL}. */
public final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why not. */
    public enum Why {
        NOTHING_PRESENTED,
        NOT_GOOD,
        /** The database, or the issuer of a token, cannot be asked now. */
        CANNOT_TELL
    }

    private final Why why;

    Refused(Why why, String message) {
        // An answer, not a fault of the program: no stack trace.
        super(message, null, false, false);
        this.why = why;
    }

    public Why why() {
        return why;
    }
}
