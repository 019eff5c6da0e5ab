package dev.darkroom.http.egress;

/** A URL that is not called. The message says what is expected of one, is fit for whoever named it, and tells nothing of our network. */
public final class RejectedUrlException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean unknownHost;

    RejectedUrlException(String message) {
        this(message, false);
    }

    RejectedUrlException(String message, boolean unknownHost) {
        // An answer, not a fault of the program: no stack trace.
        super(message, null, false, false);
        this.unknownHost = unknownHost;
    }

    /** Whether the host has no address. Not for callers, who are not to learn which names there are. */
    public boolean unknownHost() {
        return unknownHost;
    }
}
