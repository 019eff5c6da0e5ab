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

/** What a failure of the database driver means. */
public final class DatabaseErrorClassifier {

    /**
     * SQLSTATEs, or their first two letters, of a server that cannot serve now or not us. See "PostgreSQL Error Codes",
     * appendix A of the PostgreSQL manual.
     */
    private static final List<String> UNAVAILABLE_SQL_STATES = List.of(
            "08", // connection exception
            "25006", // read-only: a standby, or a primary that was demoted
            "25P03", // idle in a transaction for too long
            "25P04", // transaction timeout
            "28", // the server refuses our user or password
            "3D000", // the database does not exist
            "26000", // a prepared statement is gone
            "40", // serialization failure, deadlock
            "53", // too many connections, disk full, out of memory
            "55000", // the database accepts no connections
            "55P03", // waited for a lock for too long
            "57", // statement timeout, shut down, starting up, database dropped
            "58"); // input or output error

    /** The driver and its pool tell these apart by message alone. */
    private static final List<String> CONNECTION_LOST_MESSAGES = List.of(
            "Timeout", // the pool: no connection in time, in two wordings
            "Pool closed",
            "Client is closed",
            "Connection was closed",
            "Connection is not active now",
            "Pending requests failed to be sent",
            "SSL handshake failed");

    /** The driver says so of a server without TLS where the settings require it. */
    private static final String NO_TLS = "Postgres Server does not handle SSL connection";

    private DatabaseErrorClassifier() {}

    /**
     * True when the database could not be asked or gave up, so the same request may succeed later: no connection, none free
     * in time, too many waiting, shut down, timed out, deadlocked. False for everything that would fail again: a bug in a
     * statement, a violated constraint, any exception that is not of the database.
     *
     * <p>Says nothing about whether the work was done, see {@link #isOutcomeUnknown}.
     *
     * @param failure may be null, which is no failure
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

    /** A table has changed under a prepared statement, which is prepared anew the next time. */
    private static boolean isTableChanged(PgException error) {
        return "0A000".equals(error.getSqlState())
                && String.valueOf(error.getErrorMessage()).startsWith("cached plan must not change result type");
    }

    /**
     * True when the connection broke under the work: whether it was done has to be looked up. False when the server said that
     * it was not, or was not even reached.
     *
     * @param failure may be null, which is no failure
     */
    public static boolean isOutcomeUnknown(Throwable failure) {
        return failure instanceof ClosedConnectionException
                || (failure instanceof IOException && !(failure instanceof ConnectException));
    }

    /** The SQLSTATE that the server gave, or null when the failure is not the server's. */
    public static String sqlState(Throwable failure) {
        return failure instanceof PgException error ? error.getSqlState() : null;
    }

    /**
     * True for the complaint of a timer about a connection that was had in time, with which nothing is lost. Who queues for a
     * connection sets the timer after that; one that another event loop hands over in between is used, and the timer stays. When
     * it is due it fails what has long succeeded ({@code SqlConnectionPool.acquire} of vertx-sql-client 5.0.12).
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
}
