package dev.darkroom.eventbus;

import java.util.List;

/** Parsing of a command failed because of invalid fields. Without a stack trace, because clients cause it. */
public final class InvalidCommandException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final transient List<FieldError> errors;

    /** @param errors invalid fields; may be empty when the message says it all */
    public InvalidCommandException(String message, List<FieldError> errors) {
        super(message, null, false, false);
        this.errors = List.copyOf(errors);
    }

    public List<FieldError> errors() {
        return errors;
    }
}
