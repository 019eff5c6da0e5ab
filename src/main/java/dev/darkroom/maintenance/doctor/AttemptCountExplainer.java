package dev.darkroom.maintenance.doctor;

/**
 * Explains why an attempt counted against the limit of attempts or not, by the rules of {@code RetryPolicy}. Attempts that do not count
 * have limits of their own.
 */
final class AttemptCountExplainer {
    private AttemptCountExplainer() {}

    static String explain(boolean counted, String outcome, String errorClass, String errorCode) {
        if (counted) {
            return "counted against the limit of attempts";
        }
        if (outcome.equals("LOST")) {
            return "not counted: the node expired; lost attempts have their own limit";
        }
        if (outcome.equals("INTERRUPTED")) {
            return "not counted: aborted by a shutdown or a cancellation";
        }
        if (errorClass.equals("NOT_SENT")) {
            return "not counted: the request did not reach the AI server";
        }
        if (errorClass.equals("INTERNAL")) {
            return "not counted: internal error of Darkroom";
        }
        if (errorCode.equals("RATE_LIMITED")) {
            return "not counted: rate limit of the AI server";
        }
        return "not counted: probe call of the circuit breaker";
    }
}
