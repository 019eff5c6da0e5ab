package dev.darkroom.maintenance.doctor;

/**
 * Why an attempt counted towards the limit of attempts, or did not: the rules of {@code RetryPolicy} in words. What is not
 * counted has a limit of its own.
 */
final class AttemptCountExplainer {
    private AttemptCountExplainer() {}

    static String explain(boolean counted, String outcome, String errorClass, String errorCode) {
        if (counted) {
            return "counted: it used up one of the attempts";
        }
        if (outcome.equals("LOST")) {
            return "not counted: the process that made it died, which has a limit of its own";
        }
        if (outcome.equals("INTERRUPTED")) {
            return "not counted: we broke it off ourselves";
        }
        if (errorClass.equals("NOT_SENT")) {
            return "not counted: it never reached the AI server";
        }
        if (errorClass.equals("INTERNAL")) {
            return "not counted: Darkroom itself failed";
        }
        if (errorCode.equals("RATE_LIMITED")) {
            return "not counted: the AI server only asked for patience";
        }
        return "not counted: it was the breaker's probe, which tells of the AI server and not of the generation";
    }
}
