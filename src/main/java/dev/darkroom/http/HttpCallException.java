package dev.darkroom.http;

/** A call that brought no answer. Its code is for programs and tables, its message for people. */
public final class HttpCallException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /** What was in the way. */
    public enum Reason {
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

    HttpCallException(Reason reason, String message) {
        super(message, null, false, false);
        this.reason = reason;
    }

    public Reason reason() {
        return reason;
    }
}
