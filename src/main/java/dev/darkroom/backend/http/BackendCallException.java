package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.InputImageException;
import dev.darkroom.http.HttpCallException;
import java.util.Optional;

/** Carries a {@link BackendFailure} through a chain of futures inside a backend, which converts it to an outcome. */
public final class BackendCallException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient BackendFailure backendFailure;

    public BackendCallException(BackendFailure backendFailure) {
        super(backendFailure.code(), null, false, false);
        this.backendFailure = backendFailure;
    }

    /** Returns the failure; never null. */
    public BackendFailure failure() {
        return backendFailure;
    }

    /** Returns the failure that an exception of a call stands for; empty for one that no part of a call throws on purpose. */
    static Optional<BackendFailure> failureOf(Throwable cause) {
        if (cause instanceof BackendCallException failed) {
            return Optional.of(failed.backendFailure);
        }
        if (cause instanceof InputImageException unusable) {
            return Optional.of(unusable.failure());
        }
        return cause instanceof HttpCallException failed
                ? Optional.of(TransportErrorClassifier.classify(failed))
                : Optional.empty();
    }

    /** Returns the exception with the status of the response. */
    public BackendCallException withHttpStatus(int status) {
        return new BackendCallException(backendFailure.withHttpStatus(status));
    }

    /** Returns an exception for a success of the AI server that has no usable image. */
    public static BackendCallException invalidResult(String code, String message) {
        return new BackendCallException(BackendFailure.of(FailureClass.INVALID_RESULT, code, message));
    }

    /** As {@link #invalidResult(String, String)}, with a detail for the log; null for none. */
    public static BackendCallException invalidResult(String code, String message, String detail) {
        return new BackendCallException(
                BackendFailure.of(FailureClass.INVALID_RESULT, code, message).withDetail(detail));
    }

    /** Returns the exception for a success without any image. */
    public static BackendCallException emptyResponse() {
        return invalidResult("EMPTY_RESPONSE", "The AI server reported success without an image.");
    }

    /** Returns the exception for a success with fewer images than requested. */
    public static BackendCallException tooFewImages() {
        return invalidResult("TOO_FEW_IMAGES", "The AI server returned fewer images than requested.");
    }

    /** Returns the exception for a success with a body that is not in the format of the protocol. */
    public static BackendCallException malformedResponse() {
        return invalidResult("MALFORMED_RESPONSE", "The AI server reported success with a malformed response.");
    }
}
