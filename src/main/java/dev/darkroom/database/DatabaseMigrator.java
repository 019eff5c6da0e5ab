package dev.darkroom.database;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
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

    /** Time that a reachable server has to respond. */
    private static final Duration SERVER_WAIT_TIMEOUT = Duration.ofSeconds(30);

    /** Maximum time of a statement. Limits the wait for a server that no longer responds on an open connection. */
    private static final Duration MAX_STATEMENT_TIME = Duration.ofHours(1);

    private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);
    /** SQLSTATE cannot_connect_now: starting up, or recovering from a crash. */
    private static final String CANNOT_CONNECT_NOW = "57P03";

    private DatabaseMigrator() {}

    /**
     * Migrates the schema, if it is not up to date. Blocks for seconds, so it runs before any verticle is deployed. Processes that start
     * at the same time take turns and all succeed.
     *
     * @throws DatabaseException with a message of one line when the database is unreachable, rejects the connection or is too old, or
     *     when a script fails
     */
    public static void migrate(DatabaseUrl url, Settings.Database settings) {
        migrate(url, settings, SCRIPTS);
    }

    static void migrate(DatabaseUrl url, Settings.Database settings, String scripts) {
        migrate(url, settings, scripts, SERVER_WAIT_TIMEOUT);
    }

    static void migrate(DatabaseUrl url, Settings.Database settings, String scripts, Duration timeout) {
        requireUsable(url, settings, timeout);
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
                    "the tables in " + describe(url, settings) + " cannot be migrated: "
                            + JdbcConnectionFactory.singleLineMessage(e),
                    e);
        }
    }

    private static Map<String, String> jdbcProperties(DatabaseUrl url, Settings.Database settings) {
        Properties properties = JdbcConnectionFactory.connectionProperties(
                url, "darkroom migrations", SERVER_WAIT_TIMEOUT, MAX_STATEMENT_TIME);
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

    /**
     * Checks the connection before Flyway runs, since its error messages have many lines. Fails immediately when nothing listens on the
     * port. Waits for a server that is slow or still starting up, since the whole machine may have just booted.
     */
    private static void requireUsable(DatabaseUrl url, Settings.Database settings, Duration timeout) {
        long deadline = System.nanoTime() + timeout.toNanos();
        while (true) {
            try {
                requireSupported(serverVersion(url, settings, timeout), describe(url, settings));
                return;
            } catch (SQLException e) {
                if (!CANNOT_CONNECT_NOW.equals(e.getSQLState()) || System.nanoTime() - deadline > 0) {
                    throw new DatabaseException(
                            describe(url, settings) + " cannot be used: " + JdbcConnectionFactory.singleLineMessage(e),
                            e);
                }
            }
            LOG.atInfo().log("database starting up, retry scheduled");
            LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
        }
    }

    private static int serverVersion(DatabaseUrl url, Settings.Database settings, Duration timeout)
            throws SQLException {
        // The connect timeout is separate from the wait for a response.
        Properties properties = JdbcConnectionFactory.connectionProperties(
                url, "darkroom migrations", settings.connectTimeout(), timeout);
        properties.setProperty("loginTimeout", String.valueOf(timeout.toSeconds()));
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
