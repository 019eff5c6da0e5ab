package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;

/** Carries a failure through a chain of futures to its end, where it becomes the outcome. It never leaves a backend. */
public final class BackendCallException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient BackendFailure backendFailure;

    public BackendCallException(BackendFailure backendFailure) {
        super(backendFailure.code(), null, false, false);
        this.backendFailure = backendFailure;
    }

    /** Never null. */
    public BackendFailure failure() {
        return backendFailure;
    }
}
