package dev.darkroom.database;

import io.vertx.core.VertxException;
import io.vertx.core.http.ConnectionPoolTooBusyException;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.ClosedConnectionException;
import java.io.IOException;
import java.net.ConnectException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeoutException;

/** Classifies failures of the database driver. Stateless. */
public final class DatabaseErrorClassifier {

    /**
     * SQLSTATEs, or their prefixes, of a server that temporarily rejects the connection or the statement. See "PostgreSQL Error Codes",
     * appendix A of the PostgreSQL manual.
     */
    private static final List<String> UNAVAILABLE_SQL_STATES = List.of(
            "08", // connection exception
            "25006", // read-only: a standby, or a primary that was demoted
            "25P03", // idle in a transaction for too long
            "25P04", // transaction timeout
            "28", // user or password rejected
            "3D000", // the database does not exist
            "26000", // prepared statement does not exist
            "40", // serialization failure, deadlock
            "53", // too many connections, disk full, out of memory
            "55000", // the database accepts no connections
            "55P03", // lock timeout
            "57", // statement timeout, shut down, starting up, database dropped
            "58"); // input or output error

    /** Prefixes of messages. The driver and its pool have no exception types for these failures. */
    private static final List<String> CONNECTION_LOST_MESSAGES = List.of(
            "Timeout", // no connection of the pool in time; matches two messages
            "Pool closed",
            "Client is closed",
            "Connection was closed",
            "Connection is not active now",
            "Pending requests failed to be sent",
            "SSL handshake failed");

    private static final String FOREIGN_KEY_VIOLATION = "23503";

    /** Message of the driver when the settings require TLS and the server has none. */
    private static final String NO_TLS = "Postgres Server does not handle SSL connection";

    private DatabaseErrorClassifier() {}

    /**
     * Whether a retry may succeed later: no connection, no free connection in time, wait queue full, server shut down, timeout,
     * deadlock. False for failures that would repeat: an invalid statement, a violated constraint, any exception that does not come from
     * the database.
     *
     * <p>Does not say whether the statement was executed, see {@link #isOutcomeUnknown}.
     *
     * @param failure null means no failure
     */
    public static boolean isUnavailable(Throwable failure) {
        if (failure == null) {
            return false;
        }
        if (failure instanceof PgException error) {
            String state = String.valueOf(error.getSqlState());
            return UNAVAILABLE_SQL_STATES.stream().anyMatch(state::startsWith) || isTableChanged(error);
        }
        // Vert.x fails some futures with a Throwable of an internal type that is neither Exception nor Error.
        if (failure instanceof VertxException || !(failure instanceof Exception || failure instanceof Error)) {
            return failure instanceof ClosedConnectionException
                    || failure instanceof ConnectionPoolTooBusyException
                    || CONNECTION_LOST_MESSAGES.stream().anyMatch(String.valueOf(failure.getMessage())::startsWith);
        }
        return failure instanceof IOException
                || failure instanceof TimeoutException
                || NO_TLS.equals(failure.getMessage());
    }

    /** Whether a table of a prepared statement has changed. The statement is prepared again with the next execution. */
    private static boolean isTableChanged(PgException error) {
        return "0A000".equals(error.getSqlState())
                && String.valueOf(error.getErrorMessage()).startsWith("cached plan must not change result type");
    }

    /**
     * Whether the connection broke during the statement, so that the caller has to read whether it was executed. False when the server
     * reported an error or was not reached.
     *
     * @param failure null means no failure
     */
    public static boolean isOutcomeUnknown(Throwable failure) {
        return failure instanceof ClosedConnectionException
                || (failure instanceof IOException && !(failure instanceof ConnectException));
    }

    /** Returns the SQLSTATE of an error that the server reported; null for other failures. */
    public static String sqlState(Throwable failure) {
        return failure instanceof PgException error ? error.getSqlState() : null;
    }

    /**
     * Whether an uncaught exception comes from a timer of the pool that fires after its connection was acquired. Harmless.
     *
     * <p>The pool first queues the request and then sets its timeout. If another event loop completes the request in between, the timer
     * is never cancelled and later fails a completed promise ({@code SqlConnectionPool.acquire} of vertx-sql-client 5.0.12).
     */
    public static boolean isLatePoolTimer(Throwable thrown) {
        return thrown instanceof IllegalStateException
                && "Promise already completed".equals(thrown.getMessage())
                && calledBy(thrown, "io.vertx.sqlclient.impl.pool.SqlConnectionPool$")
                && calledBy(thrown, "io.vertx.core.internal.pool.SimpleConnectionPool$Cancel");
    }

    private static boolean calledBy(Throwable thrown, String type) {
        return Arrays.stream(thrown.getStackTrace())
                .anyMatch(frame -> frame.getClassName().startsWith(type));
    }

    /** Returns true when a row that a new row references does not exist. */
    public static boolean isForeignKeyViolation(Throwable failure) {
        return FOREIGN_KEY_VIOLATION.equals(sqlState(failure));
    }
}
