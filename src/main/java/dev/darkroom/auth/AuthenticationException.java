package dev.darkroom.auth;

/** Somebody is not let in. The message is for the caller, unless we {@link Reason#UNAVAILABLE}. */
public final class AuthenticationException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Why not. */
    public enum Reason {
        MISSING_CREDENTIALS,
        INVALID_CREDENTIALS,
        /** The database, or the issuer of a token, cannot be asked now. */
        UNAVAILABLE,
        /** Credentials from the same address were wrong too often. */
        TOO_MANY_FAILURES
    }

    private final Reason reason;
    private final long retryAfterSeconds;

    public AuthenticationException(Reason reason, String message) {
        this(reason, message, 0);
    }

    private AuthenticationException(Reason reason, String message, long secondsToWait) {
        // An answer, not a fault of the program: no stack trace.
        super(message, null, false, false);
        this.reason = reason;
        this.retryAfterSeconds = secondsToWait;
    }

    static AuthenticationException tooManyFailures(String message, long secondsToWait) {
        return new AuthenticationException(Reason.TOO_MANY_FAILURES, message, secondsToWait);
    }

    /** Whether a failure says that what was presented is wrong. */
    public static boolean isInvalidCredential(Throwable failure) {
        return failure instanceof AuthenticationException authenticationException
                && authenticationException.reason == Reason.INVALID_CREDENTIALS;
    }

    /** After how many seconds to come again; 0 unless it was {@link Reason#TOO_MANY_FAILURES}. */
    public long retryAfterSeconds() {
        return retryAfterSeconds;
    }

    public Reason reason() {
        return reason;
    }
}
