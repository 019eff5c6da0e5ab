package dev.darkroom.backend.callback;

/** What became of a report about a job. */
public enum CallbackReceipt {
    /** The report is stored, or it repeats the stored result. */
    ACCEPTED,
    /** The job has another result, which was reported first. */
    DIFFERENT_RESULT,
    /** The job does not wait for a report: its deadline has passed, its generation has ended, or its attempt has failed. */
    CLOSED
}
