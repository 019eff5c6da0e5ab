package dev.darkroom.backend;

/**
 * What the outcome of a call says about the AI server's health. This is the one place where that is decided.
 *
 * <p>What follows from it is decided by {@link BackendCircuitBreaker} and {@link RetryBudget}.
 */
enum HealthVerdict {
    /** It did its work: it made pictures, or it judged the request by its content policy. */
    SUCCESS,
    /** It failed, or could not be reached. */
    FAILURE,
    /**
     * Nothing is known. We broke the call off ourselves; it asked for patience; or it refused the request for what may
     * be a fault of ours, or a 403 or 404 by which a proxy speaks for a server that is down.
     */
    IGNORED;

    /** Returns whether an outcome tells of this process and not of the AI server. */
    static boolean isInternalFailure(BackendOutcome backendOutcome) {
        return backendOutcome instanceof BackendOutcome.Failed failed
                && failed.backendFailure().failureClass() == FailureClass.INTERNAL;
    }

    static HealthVerdict of(BackendOutcome backendOutcome) {
        if (backendOutcome instanceof BackendOutcome.Generated) {
            return SUCCESS;
        }
        if (!(backendOutcome instanceof BackendOutcome.Failed failed)) {
            return IGNORED;
        }
        BackendFailure backendFailure = failed.backendFailure();
        if (backendFailure.countsForBreaker()) {
            return FAILURE;
        }
        return switch (backendFailure.failureClass()) {
            case MODERATED, RESULT_FETCH -> SUCCESS;
            default -> IGNORED;
        };
    }
}
