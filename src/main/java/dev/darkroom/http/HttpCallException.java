package dev.darkroom.http;

/** Thrown when an HTTP call got no response. The name of its reason is stored with webhook attempts. */
public final class HttpCallException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Reason reason;

    /** Reason of the failure. */
    public enum Reason {
        /** The egress policy rejected the URL or its current address. */
        ADDRESS_NOT_ALLOWED,
        /** The DNS lookup failed and may succeed later. */
        DNS_LOOKUP_FAILED,
        CONNECTION_FAILED,
        TLS_FAILED,
        TIMEOUT,
        /** The connection broke, or the response was not valid HTTP. */
        NO_RESPONSE,
        /** The caller aborted the call. */
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
