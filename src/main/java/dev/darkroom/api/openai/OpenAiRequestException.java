package dev.darkroom.api.openai;

/** The request is not valid. */
final class OpenAiRequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient OpenAiError error;

    OpenAiRequestException(OpenAiError error) {
        // An expected response, not a fault of the program: no stack trace.
        super(error.message(), null, false, false);
        this.error = error;
    }

    OpenAiError error() {
        return error;
    }
}
