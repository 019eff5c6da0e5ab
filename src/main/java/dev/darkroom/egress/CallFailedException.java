package dev.darkroom.egress;

/** A call that brought no answer. Its code is for programs and tables, its message for people. */
public final class CallFailedException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Why why;

    /** What was in the way. */
    public enum Why {
        /** The guard says no: where it leads now is not to be called. */
        REFUSED_ADDRESS,
        /** The name could not be looked up now. */
        LOOKUP_FAILED,
        CONNECTION_FAILED,
        TLS_FAILED,
        TIMEOUT,
        /** The connection broke, or what came was no HTTP. */
        NO_ANSWER,
        /** We broke it off. */
        ABORTED
    }

    CallFailedException(Why why, String message) {
        super(message, null, false, false);
        this.why = why;
    }

    public Why why() {
        return why;
    }
}
