package dev.darkroom.database;

import java.util.List;

/**
 * An error that the server reports, as far as it decides whether the session can go on. Most errors are of the statement: the
 * next one on the same session may succeed. Some are of the session: every further statement on it fails for the same reason.
 *
 * @param severity not localised: ERROR, FATAL or PANIC; empty when unknown
 * @param sqlState see "PostgreSQL Error Codes", appendix A of the PostgreSQL manual
 * @param routine the function of the server that reports it; empty when unknown
 */
record PostgresErrorResponse(String severity, String sqlState, String routine) {
    /** A server that no longer accepts writes, after a fail-over or by a change of its settings. */
    static final String READ_ONLY = "25006";

    /** SQLSTATEs, or their first letters, after which a session is of no more use. */
    private static final List<String> SESSION_ENDING_STATES = List.of(
            "08", // connection exception, protocol violation
            READ_ONLY, "25P02", // a transaction that failed was left open on a session of the pool
            "25P03", // idle in a transaction for too long
            "25P04", // transaction timeout
            "26000", // a prepared statement that the driver relies on is gone
            "28", // the server refuses the user or the password
            "3D000", // the database does not exist
            "42P05", // a prepared statement exists that the driver does not know of
            "53300", // too many connections
            "57P01", // the server shuts down, or an administrator ended the session
            "57P02", // another session crashed the server
            "57P03", // the server starts up or shuts down
            "57P04", // the database was dropped
            "57P05"); // idle for too long

    /** Reports that a table has changed under a prepared statement. */
    private static final String CACHED_PLAN_ROUTINE = "RevalidateCachedQuery";

    /** Which sessions an error ends. */
    enum Scope {
        /** None: it is of the statement. */
        STATEMENT,
        /** The one that reported it. */
        SESSION,
        /** All of this process: the others are in the same state. */
        ALL_SESSIONS
    }

    Scope scope() {
        if (sqlState.equals(READ_ONLY) || (sqlState.equals("0A000") && routine.equals(CACHED_PLAN_ROUTINE))) {
            return Scope.ALL_SESSIONS;
        }
        boolean ends = severity.equals("FATAL") || severity.equals("PANIC");
        return ends || SESSION_ENDING_STATES.stream().anyMatch(sqlState::startsWith) ? Scope.SESSION : Scope.STATEMENT;
    }

    /** Whether the server ends the session by itself and accepts no further statement. */
    boolean isFatal() {
        return severity.equals("FATAL") || severity.equals("PANIC");
    }
}
