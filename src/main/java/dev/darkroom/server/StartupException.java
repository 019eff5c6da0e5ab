package dev.darkroom.server;

/** The process cannot start. The message is one line that names the setting and the expected value. */
public final class StartupException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StartupException(String message) {
        super(message);
    }
}
