package dev.darkroom.http;

import io.netty.handler.codec.DecoderException;

/** Thrown when an HTTP call got no response. The name of its reason is stored with webhook attempts. */
public final class HttpCallException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Reason reason;
    private final boolean sent;

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
        TOO_MANY_REDIRECTS,
        /** A redirect led to a URL that is invalid or neither HTTP nor HTTPS. */
        INVALID_REDIRECT,
        /** The caller aborted the call. */
        ABORTED
    }

    HttpCallException(Reason reason, String message) {
        this(reason, message, null, false);
    }

    /** @param cause null when the reason says all */
    HttpCallException(Reason reason, String message, Throwable cause, boolean sent) {
        super(message, cause, false, false);
        this.reason = reason;
        this.sent = sent;
    }

    public Reason reason() {
        return reason;
    }

    /** Returns true when the request had a connection, so that the server may have received it. */
    public boolean sent() {
        return sent;
    }

    /** Returns true when the response was not valid HTTP. */
    boolean isInvalidResponse() {
        return reason == Reason.NO_RESPONSE
                && (getCause() instanceof DecoderException || getCause() instanceof IllegalArgumentException);
    }
}
