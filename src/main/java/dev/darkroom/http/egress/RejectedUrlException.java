package dev.darkroom.http.egress;

/** Thrown when the egress policy rejects a URL. The message states the requirement and is safe for clients: it reveals no internal names. */
public final class RejectedUrlException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean unknownHost;

    RejectedUrlException(String message) {
        this(message, false);
    }

    RejectedUrlException(String message, boolean unknownHost) {
        // An expected result: no stack trace.
        super(message, null, false, false);
        this.unknownHost = unknownHost;
    }

    /** Returns true when the host has no address. Not to be shown to clients, which could probe internal names. */
    public boolean unknownHost() {
        return unknownHost;
    }
}
