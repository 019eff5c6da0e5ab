package dev.darkroom.backend.http;

import dev.darkroom.backend.BackendFailure;

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
}
