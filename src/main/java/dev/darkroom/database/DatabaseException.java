package dev.darkroom.database;

/**
 * The database cannot be started, reached or migrated. The message is one line for the operator: the problem and the setting that
 * solves it. It never contains a password. The cause, which may be null, is for the debug log.
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
