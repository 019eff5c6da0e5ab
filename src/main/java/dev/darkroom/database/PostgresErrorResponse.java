package dev.darkroom.database;

import java.util.List;

/**
 * An ErrorResponse message of the server, with the fields that decide whether the session is still usable. Most errors concern one
 * statement; the next one on the session may succeed. After some errors every further statement on the session fails.
 *
 * @param severity not localized: ERROR, FATAL or PANIC; empty when unknown
 * @param sqlState see "PostgreSQL Error Codes", appendix A of the PostgreSQL manual
 * @param routine the server function that reported the error; empty when unknown
 */
record PostgresErrorResponse(String severity, String sqlState, String routine) {
    /** The server no longer accepts writes, after a failover or a change of its settings. */
    static final String READ_ONLY = "25006";

    /** SQLSTATEs, or their prefixes, after which a session is not usable. */
    private static final List<String> SESSION_ENDING_STATES = List.of(
            "08", // connection exception, protocol violation
            READ_ONLY, "25P02", // a failed transaction was left open on a session of the pool
            "25P03", // idle in a transaction for too long
            "25P04", // transaction timeout
            "26000", // a prepared statement of the driver does not exist
            "28", // user or password rejected
            "3D000", // the database does not exist
            "42P05", // a prepared statement exists that is unknown to the driver
            "53300", // too many connections
            "57P01", // the server shuts down, or an administrator ended the session
            "57P02", // another session crashed the server
            "57P03", // the server starts up or shuts down
            "57P04", // the database was dropped
            "57P05"); // idle for too long

    /** The server function that reports a changed table of a prepared statement. */
    private static final String CACHED_PLAN_ROUTINE = "RevalidateCachedQuery";

    /** The sessions that an error ends. */
    enum Scope {
        /** Ends no session. */
        STATEMENT,
        /** Ends the session that reported the error. */
        SESSION,
        /** Ends all sessions of this process, since all are in the same state. */
        ALL_SESSIONS
    }

    Scope scope() {
        if (sqlState.equals(READ_ONLY) || (sqlState.equals("0A000") && routine.equals(CACHED_PLAN_ROUTINE))) {
            return Scope.ALL_SESSIONS;
        }
        return isFatal() || SESSION_ENDING_STATES.stream().anyMatch(sqlState::startsWith)
                ? Scope.SESSION
                : Scope.STATEMENT;
    }

    /** Whether the server ends the session itself and accepts no further statement. */
    boolean isFatal() {
        return severity.equals("FATAL") || severity.equals("PANIC");
    }
}
