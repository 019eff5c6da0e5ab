package dev.darkroom.backend;

import java.time.Duration;

/**
 * Reason why a call to an AI server returned no images. Immutable.
 *
 * @param failureClass decides about retries and the circuit breaker, never null
 * @param code stable machine-readable code, such as {@code RATE_LIMITED} or {@code EMPTY_RESPONSE}; never null
 * @param message one sentence for the client of the API; never null, never quotes the AI server
 * @param httpStatus HTTP status of the AI server, null when no response arrived
 * @param retryAfter delay requested by the AI server, null when it requested none; never negative
 * @param detail redacted and truncated error text of the AI server, for the log only; may be null
 */
public record BackendFailure(
        FailureClass failureClass,
        String code,
        String message,
        Integer httpStatus,
        Duration retryAfter,
        String detail) {

    /** Rate limit (429). Pauses the whole backend and does not count as an attempt. */
    public static final String RATE_LIMITED = "RATE_LIMITED";

    /** Darkroom had no file descriptor, port or buffer for the call. Nothing was sent. */
    public static final String OUT_OF_RESOURCES = "OUT_OF_RESOURCES";

    /** Start of the codes of input images that could not be loaded. Nothing was submitted. */
    public static final String INPUT_IMAGE_PREFIX = "INPUT_IMAGE";

    /** An unexpected exception in Darkroom. */
    public static final BackendFailure INTERNAL_ERROR =
            of(FailureClass.INTERNAL, "INTERNAL_ERROR", "The call failed because of an internal error.");

    /** The deadline of the attempt passed. The request was aborted and its socket closed. */
    public static final String TIMED_OUT = "TIMED_OUT";

    public static BackendFailure of(FailureClass failureClass, String code, String message) {
        return new BackendFailure(failureClass, code, message, null, null, null);
    }

    /** Returns the same failure in another class. */
    public BackendFailure withFailureClass(FailureClass other) {
        return new BackendFailure(other, code, message, httpStatus, retryAfter, detail);
    }

    public BackendFailure withHttpStatus(int status) {
        return new BackendFailure(failureClass, code, message, status, retryAfter, detail);
    }

    public BackendFailure withRetryAfter(Duration delay) {
        return new BackendFailure(failureClass, code, message, httpStatus, delay, detail);
    }

    public BackendFailure withDetail(String text) {
        return new BackendFailure(failureClass, code, message, httpStatus, retryAfter, text);
    }

    /** Returns true for a rate limit. */
    public boolean rateLimited() {
        return RATE_LIMITED.equals(code);
    }

    /** Returns true when the deadline of the attempt passed. */
    public boolean timedOut() {
        return TIMED_OUT.equals(code);
    }

    /** Returns true when the AI server is overloaded: it returned 429 or 503, or exceeded the deadline. */
    public boolean indicatesOverload() {
        return rateLimited() || timedOut() || (httpStatus != null && httpStatus == 503);
    }

    /** Returns true when an input image could not be loaded, so that the failure says nothing about the AI server. */
    public boolean concernsInputImages() {
        return code.startsWith(INPUT_IMAGE_PREFIX);
    }

    /** Returns true when the circuit breaker counts this failure. */
    public boolean countsForBreaker() {
        return failureClass.countsForBreaker() && !rateLimited();
    }
}
