package dev.darkroom.http.egress;

/** Thrown when the egress policy rejects a URL. The message states the requirement and is safe for clients: it reveals no internal names. */
public final class RejectedUrlException extends Exception {
    private static final long serialVersionUID = 1L;

    private final transient OutboundUrl url;
    private final boolean unknownHost;

    /** Creates the exception for a text that is no valid URL. */
    RejectedUrlException(String message) {
        this(message, null, false);
    }

    RejectedUrlException(String message, OutboundUrl url, boolean unknownHost) {
        // An expected result: no stack trace.
        super(message, null, false, false);
        this.url = url;
        this.unknownHost = unknownHost;
    }

    /** Returns the rejected URL; null when it was not valid. */
    public OutboundUrl url() {
        return url;
    }

    /** Returns true when the host has no address. Not to be shown to clients, which could probe internal names. */
    public boolean unknownHost() {
        return unknownHost;
    }
}
