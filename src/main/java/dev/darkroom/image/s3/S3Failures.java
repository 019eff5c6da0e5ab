package dev.darkroom.image.s3;

import dev.darkroom.image.store.ImageStoreException;
import io.vertx.core.Future;
import java.util.concurrent.CompletionException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Translates failures of the AWS SDK. */
final class S3Failures {
    static final int NOT_FOUND = 404;
    static final int CONFLICT = 409;
    static final int PRECONDITION_FAILED = 412;

    private static final String NO_SUCH_BUCKET = "NoSuchBucket";

    private S3Failures() {}

    /** Returns the status of the response of the object store; 0 without a response. */
    static int status(Throwable failure) {
        return unwrap(failure) instanceof S3Exception response ? response.statusCode() : 0;
    }

    /** Returns whether the object does not exist in an existing bucket. */
    static boolean isMissingObject(Throwable failure) {
        return status(failure) == NOT_FOUND && !NO_SUCH_BUCKET.equals(code((S3Exception) unwrap(failure)));
    }

    /**
     * Returns a failed future with one line for operators.
     *
     * @param operation such as {@code upload}
     */
    static <T> Future<T> failed(String operation, Throwable failure) {
        return Future.failedFuture(translate(operation, failure));
    }

    static ImageStoreException translate(String operation, Throwable failure) {
        Throwable cause = unwrap(failure);
        if (cause instanceof ImageStoreException translated) {
            return translated;
        }
        if (cause instanceof S3Exception response) {
            return new ImageStoreException(
                    "S3 " + operation + " failed: status " + response.statusCode() + " " + code(response) + ", request "
                            + response.requestId(),
                    cause);
        }
        String reason = cause instanceof SdkException ? firstLine(cause.getMessage()) : cause.toString();
        return new ImageStoreException("S3 " + operation + " failed: " + reason, cause);
    }

    private static String code(S3Exception response) {
        return response.awsErrorDetails() == null
                ? null
                : response.awsErrorDetails().errorCode();
    }

    private static String firstLine(String message) {
        return String.valueOf(message).lines().findFirst().orElse("");
    }

    private static Throwable unwrap(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
