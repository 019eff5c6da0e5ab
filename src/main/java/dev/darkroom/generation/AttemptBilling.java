package dev.darkroom.generation;

/**
 * Submission of an ended attempt, and its cost. Immutable.
 *
 * @param submitted whether the AI server may have received a submission
 * @param cost null when the submission cost nothing, or when no price is known
 */
public record AttemptBilling(boolean submitted, Cost cost) {
    /** An attempt without a submission. */
    public static final AttemptBilling NONE = new AttemptBilling(false, null);
}
