package dev.darkroom.access;

/** Somebody is not let in. The message is for the caller, unless we {@link Why#CANNOT_TELL}. */
public final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why not. */
    public enum Why {
        NOTHING_PRESENTED,
        NOT_GOOD,
        /** The database, or the issuer of a token, cannot be asked now. */
        CANNOT_TELL,
        /** Credentials from the same address were wrong too often. */
        TOO_OFTEN
    }

    private final Why why;
    private final long secondsToWait;

    Refused(Why why, String message) {
        this(why, message, 0);
    }

    private Refused(Why why, String message, long secondsToWait) {
        // An answer, not a fault of the program: no stack trace.
        super(message, null, false, false);
        this.why = why;
        this.secondsToWait = secondsToWait;
    }

    static Refused tooOften(String message, long secondsToWait) {
        return new Refused(Why.TOO_OFTEN, message, secondsToWait);
    }

    /** Whether a failure says that what was presented is wrong. */
    public static boolean isWrongCredential(Throwable failure) {
        return failure instanceof Refused refused && refused.why == Why.NOT_GOOD;
    }

    /** After how many seconds to come again; 0 unless it was {@link Why#TOO_OFTEN}. */
    public long secondsToWait() {
        return secondsToWait;
    }

    public Why why() {
        return why;
    }
}
