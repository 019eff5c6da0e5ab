package dev.darkroom.backend;

/**
 * What the outcome of a call says about the AI server's health. This is the one place where that is decided.
 *
 * <p>What follows from it is decided by {@link Breaker} and {@link RetryBudget}.
 */
enum Verdict {
    /** It did its work: it made pictures, or it judged the request by its content policy. */
    WELL,
    /** It failed, or could not be reached. */
    SICK,
    /**
     * Nothing is known. We broke the call off ourselves; it asked for patience; or it refused the request for what may
     * be a fault of ours, or a 403 or 404 by which a proxy speaks for a server that is down.
     */
    NOTHING_LEARNT;

    /** Returns whether an outcome tells of this process and not of the AI server. */
    static boolean ofOurselves(Outcome outcome) {
        return outcome instanceof Outcome.Failed failed && failed.failure().failureClass() == FailureClass.INTERNAL;
    }

    static Verdict of(Outcome outcome) {
        if (outcome instanceof Outcome.Generated) {
            return WELL;
        }
        if (!(outcome instanceof Outcome.Failed failed)) {
            return NOTHING_LEARNT;
        }
        Failure failure = failed.failure();
        if (failure.breakerCounts()) {
            return SICK;
        }
        return switch (failure.failureClass()) {
            case MODERATED, RESULT_FETCH -> WELL;
            default -> NOTHING_LEARNT;
        };
    }
}
