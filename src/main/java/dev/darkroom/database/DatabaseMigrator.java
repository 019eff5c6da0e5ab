package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import java.io.IOException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import javax.net.ssl.SSLException;
import org.flywaydb.core.Flyway;
import org.flywaydb.core.api.FlywayException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Migrates a database to the schema of this build with the Flyway scripts in {@code db/migration}. */
public final class DatabaseMigrator {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseMigrator.class);
    private static final String SCRIPTS = "classpath:db/migration";
    private static final int MIN_VERSION = 14;
    /** Number of attempts, one per second, to get the migration lock while another process migrates. */
    private static final int LOCK_RETRIES = 300;

    /** Time that a reachable server has to respond to one connection attempt. */
    private static final Duration RESPONSE_TIMEOUT = Duration.ofSeconds(30);

    /** Maximum time of a statement. Limits the wait for a server that no longer responds on an open connection. */
    private static final Duration MAX_STATEMENT_TIME = Duration.ofHours(1);

    /** SQLSTATEs, or their prefixes, of a server that is unreachable, starting up, shutting down or full. */
    private static final List<String> TEMPORARY_SQL_STATES = List.of("08001", "57P", "53300");

    private static final String CONNECTION_FAILURE = "08006";

    private DatabaseMigrator() {}

    /**
     * Migrates the schema, if it is not up to date. Blocks for seconds, so it runs before any verticle is deployed. Processes that start
     * at the same time take turns and all succeed. Waits for a server that is unreachable or starting up.
     *
     * @throws DatabaseException with a message of one line when the database is unreachable, rejects the connection or is too old, or
     *     when a script fails
     */
    public static void migrate(DatabaseUrl url, Settings.Database settings, DatabaseStartup startup) {
        migrate(url, settings, startup, SCRIPTS);
    }

    /** As {@link #migrate(DatabaseUrl, Settings.Database, DatabaseStartup)}, for callers that no signal stops. */
    public static void migrate(DatabaseUrl url, Settings.Database settings) {
        migrate(url, settings, SCRIPTS);
    }

    static void migrate(DatabaseUrl url, Settings.Database settings, String scripts) {
        migrate(url, settings, DatabaseStartup.uninterrupted(settings), scripts);
    }

    private static void migrate(DatabaseUrl url, Settings.Database settings, DatabaseStartup startup, String scripts) {
        requireUsable(url, settings, startup);
        try {
            // The class loader of this class finds the scripts in a jar, in a build directory and under Maven alike.
            int executed = Flyway.configure(DatabaseMigrator.class.getClassLoader())
                    .dataSource(url.jdbcUrl(), url.user(), url.password().value())
                    .jdbcProperties(jdbcProperties(url, settings))
                    .locations(scripts)
                    .failOnMissingLocations(true)
                    .lockRetryCount(LOCK_RETRIES)
                    .load()
                    .migrate()
                    .migrationsExecuted;
            LOG.atInfo().addKeyValue("executed", executed).log("database migrated");
        } catch (FlywayException e) {
            throw new DatabaseException(
                    "the tables in " + describe(url, settings) + " cannot be migrated: " + reason(e), e);
        }
    }

    /** Returns the failed script and the first line of the error of the server, when there is one. */
    private static String reason(FlywayException failure) {
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException) {
                return firstLine(failure) + ": " + firstLine(cause);
            }
        }
        return JdbcConnectionFactory.singleLineMessage(failure);
    }

    private static String firstLine(Throwable failure) {
        return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    }

    private static Map<String, String> jdbcProperties(DatabaseUrl url, Settings.Database settings) {
        Properties properties = JdbcConnectionFactory.connectionProperties(
                url, "darkroom migrations", RESPONSE_TIMEOUT, MAX_STATEMENT_TIME);
        properties.setProperty("options", sessionOptions(settings));
        return properties.stringPropertyNames().stream()
                .collect(Collectors.toMap(name -> name, properties::getProperty));
    }

    /**
     * Limits the wait of a migration for a table lock, since all other statements on the table queue behind it. Sets no limit for the
     * execution of a script.
     */
    private static String sessionOptions(Settings.Database settings) {
        return "-c lock_timeout=" + settings.lockTimeout().toMillis() + " -c statement_timeout=0";
    }

    /** Checks the connection before Flyway runs, since its error messages have many lines. */
    private static void requireUsable(DatabaseUrl url, Settings.Database settings, DatabaseStartup startup) {
        int version;
        try {
            version = startup.retry(() -> serverVersion(url, settings), DatabaseMigrator::isTemporary);
        } catch (DatabaseException e) {
            throw new DatabaseException(describe(url, settings) + " cannot be used: " + e.getMessage(), e.getCause());
        }
        requireSupported(version, describe(url, settings));
    }

    /** An unknown host name is temporary, since containers get their names when they start. A failure of TLS is not. */
    private static boolean isTemporary(Exception failure) {
        if (!(failure instanceof SQLException e)) {
            return false;
        }
        String state = String.valueOf(e.getSQLState());
        return TEMPORARY_SQL_STATES.stream().anyMatch(state::startsWith)
                // The failure of an established connection, such as a timeout of the response.
                || state.equals(CONNECTION_FAILURE)
                        && e.getCause() instanceof IOException
                        && !(e.getCause() instanceof SSLException);
    }

    private static int serverVersion(DatabaseUrl url, Settings.Database settings) throws SQLException {
        Duration timeout =
                settings.startTimeout().compareTo(RESPONSE_TIMEOUT) < 0 ? settings.startTimeout() : RESPONSE_TIMEOUT;
        // The connect timeout is separate from the wait for a response.
        Properties properties = JdbcConnectionFactory.connectionProperties(
                url, "darkroom migrations", settings.connectTimeout(), timeout);
        properties.setProperty("loginTimeout", String.valueOf(Math.max(1, timeout.toSeconds())));
        try (Connection connection = DriverManager.getConnection(url.jdbcUrl(), properties)) {
            return connection.getMetaData().getDatabaseMajorVersion();
        }
    }

    static void requireSupported(int version, String database) {
        if (version < MIN_VERSION) {
            throw new DatabaseException(
                    database + " is PostgreSQL " + version + "; Darkroom needs " + MIN_VERSION + " or newer");
        }
    }

    private static String describe(DatabaseUrl url, Settings.Database settings) {
        return "the database " + url.describe() + (settings.url() == null ? " (embedded)" : " (DARKROOM_DATABASE_URL)");
    }
}
