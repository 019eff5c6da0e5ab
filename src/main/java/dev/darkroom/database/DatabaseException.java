package dev.darkroom.database;

/**
 * The database cannot be started, reached or migrated. The message is one line for whoever operates the service: what is
 * wrong and which setting helps; it never holds a password. The cause, where there is one, is for the debug log.
 */
public final class DatabaseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public DatabaseException(String message) {
        super(message);
    }

    public DatabaseException(String message, Throwable cause) {
        super(message, cause);
    }
}
