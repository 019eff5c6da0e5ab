package dev.darkroom.api.openai.error;

/** The request is not valid. */
public final class OpenAiRequestException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient OpenAiError error;

    public OpenAiRequestException(OpenAiError error) {
        // An expected response, not a fault of the program: no stack trace.
        super(error.message(), null, false, false);
        this.error = error;
    }

    public static OpenAiRequestException invalidValue(String param, String expected) {
        return new OpenAiRequestException(OpenAiError.invalidValue(param, expected));
    }

    public OpenAiError error() {
        return error;
    }
}
