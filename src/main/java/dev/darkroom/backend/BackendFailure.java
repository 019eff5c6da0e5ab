package dev.darkroom.backend;

import java.time.Duration;

/**
 * Why a call to an AI server did not bring the pictures that were asked for. Immutable.
 *
 * @param failureClass what kind of failure, never null
 * @param code short and stable, for programs: {@code RATE_LIMITED}, {@code EMPTY_RESPONSE}; never null
 * @param message one sentence in our own words, fit for the caller; never null, never quotes the AI server
 * @param httpStatus the AI server's HTTP status, null when there was none
 * @param retryAfter how long the AI server asked us to wait, null when it did not say; never negative
 * @param detail what the AI server said, redacted and shortened, for the log only; may be null
 */
public record BackendFailure(
        FailureClass failureClass,
        String code,
        String message,
        Integer httpStatus,
        Duration retryAfter,
        String detail) {

    /** A 429 that asks for patience: pauses the whole backend and uses up no attempt. */
    public static final String RATE_LIMITED = "RATE_LIMITED";

    /** The attempt's own deadline passed; the request was aborted and its socket closed. */
    public static final String TIMED_OUT = "TIMED_OUT";

    public static BackendFailure of(FailureClass failureClass, String code, String message) {
        return new BackendFailure(failureClass, code, message, null, null, null);
    }

    public BackendFailure withHttpStatus(int status) {
        return new BackendFailure(failureClass, code, message, status, retryAfter, detail);
    }

    public BackendFailure withRetryAfter(Duration wait) {
        return new BackendFailure(failureClass, code, message, httpStatus, wait, detail);
    }

    public BackendFailure withDetail(String text) {
        return new BackendFailure(failureClass, code, message, httpStatus, retryAfter, text);
    }

    /** True for a rate limit, the one failure that is nobody's fault. */
    public boolean rateLimited() {
        return RATE_LIMITED.equals(code);
    }

    /** True when the attempt ended because its deadline passed. */
    public boolean timedOut() {
        return TIMED_OUT.equals(code);
    }

    /** True when the AI server had too much to do: it said so by 429 or 503, or it was not done in time. */
    public boolean indicatesOverload() {
        return rateLimited() || timedOut() || (httpStatus != null && httpStatus == 503);
    }

    /** Whether the circuit breaker is told. */
    public boolean countsForBreaker() {
        return failureClass.countsForBreaker() && !rateLimited();
    }
}
