package dev.darkroom.auth;

/**
 * Authentication failed. The message is shown to the client, except with {@link Reason#UNAVAILABLE}, where it is for the log. Has no
 * stack trace.
 */
public final class AuthenticationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** The reason of the failure. */
    public enum Reason {
        MISSING_CREDENTIALS,
        INVALID_CREDENTIALS,
        /** The database or the token issuer is unavailable. */
        UNAVAILABLE,
        /** The client address exceeded its limit of wrong credentials. */
        TOO_MANY_FAILURES
    }

    private final Reason reason;
    private final long retryAfterSeconds;

    public AuthenticationException(Reason reason, String message) {
        this(reason, message, 0);
    }

    private AuthenticationException(Reason reason, String message, long retryAfterSeconds) {
        // An expected result of authentication, not a program error: no stack trace.
        super(message, null, false, false);
        this.reason = reason;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    static AuthenticationException tooManyFailures(String message, long retryAfterSeconds) {
        return new AuthenticationException(Reason.TOO_MANY_FAILURES, message, retryAfterSeconds);
    }

    /** Whether a failure means that the presented credential is wrong. */
    public static boolean isInvalidCredential(Throwable failure) {
        return failure instanceof AuthenticationException authenticationException
                && authenticationException.reason == Reason.INVALID_CREDENTIALS;
    }

    /** Seconds until the next attempt is allowed; 0 unless the reason is {@link Reason#TOO_MANY_FAILURES}. */
    public long retryAfterSeconds() {
        return retryAfterSeconds;
    }

    public Reason reason() {
        return reason;
    }
}
