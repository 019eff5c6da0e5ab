package dev.darkroom.backend;

/**
 * Class of a failed call to an AI server, the same for every protocol. The class decides whether the generation is
 * retried and whether the circuit breaker counts the failure.
 */
public enum FailureClass {
    /** Nothing reached the AI server: DNS, connection refused, TLS. */
    NOT_SENT(true, true),
    /** The AI server cannot accept the work at present: 429, 503, queue full. */
    REJECTED_RETRYABLE(true, true),
    /** The AI server reported an internal error: 500, 502. */
    SERVER_ERROR(true, true),
    /** The request was sent and no usable response arrived: timeout, reset, 504. The work may have been done and billed. */
    AMBIGUOUS(true, true),
    /** The AI server no longer has the job, or the image at the returned URL does not exist. */
    RESULT_LOST(true, true),
    /** The AI server rejected the request as invalid: 400, 404, 413, 422. A retry would get the same response. */
    TERMINAL_INPUT(false, false),
    /** Credentials, permission or quota: 401, 402, 403, quota 429. The operator has to act. */
    TERMINAL_AUTH(false, false),
    /** The content policy of the AI server rejected the prompt or the image. */
    MODERATED(false, false),
    /** A success status without the requested images: none, too few, or bytes in no image format. */
    INVALID_RESULT(true, true),
    /** The image was generated, but the download from its URL failed (5xx, timeout). */
    RESULT_DOWNLOAD(true, false),
    /**
     * The images were received, but the image store rejected them until the deadline. The upload is repeated, not the generation. Counts as
     * {@link #INTERNAL}.
     */
    RESULT_STORE(true, false),
    /**
     * Darkroom itself failed: its memory, file descriptors or code. Counts neither towards the limit of
     * attempts nor for the circuit breaker.
     */
    INTERNAL(true, false);

    private final boolean retryable;
    private final boolean countsForBreaker;

    FailureClass(boolean retryable, boolean countsForBreaker) {
        this.retryable = retryable;
        this.countsForBreaker = countsForBreaker;
    }

    /** Returns true when a retry can succeed. */
    public boolean retryable() {
        return retryable;
    }

    /** Returns true when the AI server may have made the images, so that another submission may do the work twice. */
    public boolean outcomeUnknown() {
        return this == AMBIGUOUS || this == RESULT_DOWNLOAD;
    }

    /** Returns true when the AI server may bill a submission that failed with this class. */
    public boolean mayBeBilled() {
        return switch (this) {
            case AMBIGUOUS, RESULT_LOST, INVALID_RESULT, RESULT_DOWNLOAD, RESULT_STORE, INTERNAL -> true;
            case NOT_SENT, REJECTED_RETRYABLE, SERVER_ERROR, TERMINAL_INPUT, TERMINAL_AUTH, MODERATED -> false;
        };
    }

    /**
     * Returns true when a failure of this class indicates an unhealthy AI server. A rate limit
     * ({@link BackendFailure#rateLimited()}) is the exception, see {@link BackendFailure#countsForBreaker()}.
     */
    public boolean countsForBreaker() {
        return countsForBreaker;
    }
}
