package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import io.vertx.core.Future;

/** Failures of protocols in which the AI server chooses the id of a job and returns it before the job ends. */
public final class JobFailures {
    /** A submission needs the name of a model, and has none. */
    public static final BackendFailure MODEL_REQUIRED = BackendFailure.of(
            FailureClass.TERMINAL_INPUT, "MODEL_REQUIRED", "The AI server requires the name of a model.");

    /** A submission for several images, which the accepted generation may have when the limits changed. */
    public static final BackendFailure ONE_IMAGE_ONLY = BackendFailure.of(
            FailureClass.TERMINAL_INPUT, "TOO_MANY_IMAGES", "The AI server makes one image per request.");

    /** A look-up without the id of the job. */
    public static final BackendFailure JOB_ID_UNKNOWN = BackendFailure.of(
            FailureClass.AMBIGUOUS, "JOB_ID_UNKNOWN", "The response with the id of the job was lost.");

    public static final BackendFailure RESULT_EXPIRED = BackendFailure.of(
            FailureClass.RESULT_LOST, "RESULT_EXPIRED", "The AI server has deleted the images of the job.");
    public static final BackendFailure JOB_CANCELED =
            BackendFailure.of(FailureClass.SERVER_ERROR, "JOB_CANCELED", "The job was canceled at the AI server.");
    public static final BackendFailure JOB_NOT_STARTED = BackendFailure.of(
            FailureClass.REJECTED_RETRYABLE, "JOB_NOT_STARTED", "The AI server did not start the job in time.");
    private static final BackendFailure JOB_LOST =
            BackendFailure.of(FailureClass.RESULT_LOST, "JOB_LOST", "The AI server no longer has the job.");
    private static final BackendFailure STATUS_REFUSED = BackendFailure.of(
            FailureClass.AMBIGUOUS, "STATUS_REFUSED", "The AI server refused to tell the status of the job.");

    private JobFailures() {}

    /** Returns the failure of a poll for a job that the AI server does not have. */
    public static BackendCallException jobLost(int httpStatus) {
        return new BackendCallException(JOB_LOST.withHttpStatus(httpStatus));
    }

    /** Returns the outcome of a look-up of a job that the AI server does not have; fails with {@code cause} for any other failure. */
    public static Future<BackendOutcome> recoverLookUp(Throwable cause) {
        return cause instanceof BackendCallException failed
                        && failed.failure().code().equals(JOB_LOST.code())
                ? Future.succeededFuture(new BackendOutcome.JobNotFound())
                : Future.failedFuture(cause);
    }

    /** A success that cannot be read leaves open whether the work was accepted and billed. */
    public static Throwable ofSubmission(Throwable cause) {
        return cause instanceof BackendCallException failed
                        && failed.failure().failureClass() == FailureClass.INVALID_RESULT
                ? new BackendCallException(failed.failure().withFailureClass(FailureClass.AMBIGUOUS))
                : cause;
    }

    /** A refused poll says nothing about the job, which may still run and be billed. The next attempt looks it up. */
    public static Throwable ofPoll(Throwable cause) {
        return cause instanceof BackendCallException failed
                        && failed.failure().failureClass() == FailureClass.TERMINAL_AUTH
                        && failed.failure().httpStatus() != null
                ? new BackendCallException(STATUS_REFUSED
                        .withHttpStatus(failed.failure().httpStatus())
                        .withDetail(failed.failure().detail()))
                : cause;
    }
}
