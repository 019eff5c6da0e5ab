package dev.darkroom.backend.openai;

import io.vertx.core.buffer.Buffer;

/** A successful answer that has an error where a picture belongs. It never leaves this package. */
final class ErrorInResponseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient Buffer error;

    /** @param error an object with the field {@code error} */
    ErrorInResponseException(Buffer error) {
        super("error inside a success", null, false, false);
        this.error = error;
    }

    Buffer error() {
        return error;
    }
}
