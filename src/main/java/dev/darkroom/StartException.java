package dev.darkroom;

/** The process cannot start. The message is one line that names the setting and what was expected. */
final class StartException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    StartException(String message) {
        super(message);
    }
}
