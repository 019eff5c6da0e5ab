package dev.darkroom.backend.openai;

import io.vertx.core.buffer.Buffer;

/** Thrown when a response with a success status contains an error object instead of an image. Internal to this package. */
final class ErrorInResponseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Buffer error;

    /** @param error JSON object with the field {@code error} */
    ErrorInResponseException(Buffer error) {
        super("error object in a successful response", null, false, false);
        this.error = error;
    }

    Buffer error() {
        return error;
    }
}
