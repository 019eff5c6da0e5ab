package dev.darkroom.backend;

/** The JSON Schema of the parameters of an AI server cannot be used. The message names the file and the reason. */
public final class InvalidParametersSchemaException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public InvalidParametersSchemaException(String message) {
        super(message);
    }
}
