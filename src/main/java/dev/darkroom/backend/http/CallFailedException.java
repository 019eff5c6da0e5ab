package dev.darkroom.backend.http;

import dev.darkroom.backend.Failure;

/** Carries a failure through a chain of futures to its end, where it becomes the outcome. It never leaves a backend. */
public final class CallFailedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Failure failure;

    public CallFailedException(Failure failure) {
        super(failure.code(), null, false, false);
        this.failure = failure;
    }

    /** Never null. */
    public Failure failure() {
        return failure;
    }
}
