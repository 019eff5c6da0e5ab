package dev.darkroom.backend;

/**
 * What kind of thing went wrong with one call to an AI server, the same for every protocol. The class decides what
 * happens next: whether the generation is tried again, and whether the circuit breaker hears of it.
 */
public enum FailureClass {
    /** Nothing reached the AI server: DNS, connection refused, TLS. */
    NOT_SENT(true, true),
    /** The AI server answered that it cannot take the work now: 429, 503, queue full. */
    REJECTED_RETRYABLE(true, true),
    /** The AI server failed on its own account: 500, 502. */
    SERVER_ERROR(true, true),
    /** The request went out and no usable word came back: timeout, reset, 504. It may have been done and billed. */
    AMBIGUOUS(true, true),
    /** The AI server no longer knows the job, or the picture it announced is gone. */
    BACKEND_LOST(true, true),
    /** The AI server calls the request wrong: 400, 404, 413, 422. Asking again would get the same answer. */
    TERMINAL_INPUT(false, false),
    /** Credentials, permission or quota: 401, 402, 403, quota 429. A person has to act. */
    TERMINAL_AUTH(false, false),
    /** The content policy of the AI server refused the prompt or the picture. */
    MODERATED(false, false),
    /** A success without what was asked for: no picture, too few, bytes that are no picture. */
    EMPTY_SUCCESS(true, true),
    /** The picture was made, but its URL could not be downloaded (5xx, timeout). */
    RESULT_FETCH(true, false),
    /**
     * Darkroom itself failed: its image store, its memory, its descriptors, its code. Never counted towards the limit of
     * attempts and never reported to the breaker.
     */
    INTERNAL(true, false);

    private final boolean retryable;
    private final boolean countsForBreaker;

    FailureClass(boolean retryable, boolean breakerCounts) {
        this.retryable = retryable;
        this.countsForBreaker = breakerCounts;
    }

    /** Whether asking again can help. */
    public boolean retryable() {
        return retryable;
    }

    /**
     * Whether a failure of this class says that the AI server is sick. A rate limit ({@link BackendFailure#rateLimited()}) is
     * the exception: the server is well, it only asks for patience.
     */
    public boolean countsForBreaker() {
        return countsForBreaker;
    }
}
