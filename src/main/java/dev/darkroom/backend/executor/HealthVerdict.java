package dev.darkroom.backend.executor;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;

/**
 * Verdict of one outcome on the health of the AI server. Only this class classifies outcomes;
 * {@link BackendCircuitBreaker} and {@link RetryBudget} act on the verdict.
 */
enum HealthVerdict {
    /** The server did its work: it generated images, answered a look-up, or its content policy rejected the request. */
    SUCCESS,
    /** The server failed or was unreachable. */
    FAILURE,
    /**
     * The outcome is no evidence of health. Darkroom aborted the call; the server returned a rate limit; or it rejected
     * the request, possibly because of an error in Darkroom, or by a proxy's 403 or 404 for a server that is down.
     */
    IGNORED;

    /** Returns true when the outcome says nothing about the AI server: this process failed or ended the call, or submitted nothing. */
    static boolean isLocal(BackendOutcome backendOutcome) {
        return backendOutcome instanceof BackendOutcome.Aborted
                || backendOutcome instanceof BackendOutcome.NotStarted
                || backendOutcome instanceof BackendOutcome.Failed failed
                        && (failed.backendFailure().failureClass() == FailureClass.INTERNAL
                                || failed.backendFailure().concernsInputImages());
    }

    static HealthVerdict of(BackendOutcome backendOutcome) {
        if (backendOutcome instanceof BackendOutcome.Generated
                || backendOutcome instanceof BackendOutcome.JobNotFound) {
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
            case MODERATED, RESULT_DOWNLOAD -> SUCCESS;
            default -> IGNORED;
        };
    }
}
