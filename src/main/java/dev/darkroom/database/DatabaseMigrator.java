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

/** Brings the tables of a database to the version of this build, by the scripts in {@code db/migration}. */
public final class DatabaseMigrator {
    private static final Logger LOG = LoggerFactory.getLogger(DatabaseMigrator.class);
    private static final String SCRIPTS = "classpath:db/migration";
    private static final int MIN_VERSION = 14;
    /** How often, once a second, a process asks whether another one has finished migrating. */
    private static final int LOCK_RETRIES = 300;

    /** How long a server that is there may take until it answers. */
    private static final Duration SERVER_WAIT_TIMEOUT = Duration.ofSeconds(30);

    /** A server that has not answered a statement for this long is given up, even when its connection still stands. */
    private static final Duration MAX_STATEMENT_TIME = Duration.ofHours(1);

    private static final Duration RETRY_INTERVAL = Duration.ofMillis(500);
    /** SQLSTATE cannot_connect_now: starting up, or recovering from a crash. */
    private static final String CANNOT_CONNECT_NOW = "57P03";

    private DatabaseMigrator() {}

    /**
     * Migrates; does nothing when the tables are up to date. Blocks for seconds, so it runs before any verticle. Processes
     * that start together take turns and all succeed.
     *
     * @throws DatabaseException in one line: the database cannot be reached, refuses us, is too old, or a script fails
     */
    public static void migrate(DatabaseUrl url, Settings.Database settings) {
        migrate(url, settings, SCRIPTS);
    }

    static void migrate(DatabaseUrl url, Settings.Database settings, String scripts) {
        migrate(url, settings, scripts, SERVER_WAIT_TIMEOUT);
    }

    static void migrate(DatabaseUrl url, Settings.Database settings, String scripts, Duration patience) {
        requireUsable(url, settings, patience);
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
                    "the tables in " + describe(url, settings) + " cannot be migrated: " + oneLine(e), e);
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
     * A migration that cannot have a table gives up: while it waits for its lock, everybody else waits behind it. How long it
     * takes once it has the table is its own business.
     */
    private static String sessionOptions(Settings.Database settings) {
        return "-c lock_timeout=" + settings.lockTimeout().toMillis() + " -c statement_timeout=0";
    }

    /**
     * Asks before Flyway does, whose messages go over many lines. Nobody listening is said at once; a server that is there and
     * slow, or still starting up, is waited for: together with ours, a whole machine may just be starting.
     */
    private static void requireUsable(DatabaseUrl url, Settings.Database settings, Duration patience) {
        long giveUp = System.nanoTime() + patience.toNanos();
        while (true) {
            try {
                requireSupported(serverVersion(url, settings, patience), describe(url, settings));
                return;
            } catch (SQLException e) {
                if (!CANNOT_CONNECT_NOW.equals(e.getSQLState()) || System.nanoTime() - giveUp > 0) {
                    throw new DatabaseException(describe(url, settings) + " cannot be used: " + oneLine(e), e);
                }
            }
            LOG.atInfo().log("the database is starting up");
            LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
        }
    }

    private static int serverVersion(DatabaseUrl url, Settings.Database settings, Duration patience)
            throws SQLException {
        // Connecting is bounded apart from the wait for an answer.
        Properties properties = JdbcConnectionFactory.connectionProperties(
                url, "darkroom migrations", settings.connectTimeout(), patience);
        properties.setProperty("loginTimeout", String.valueOf(patience.toSeconds()));
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

    private static String oneLine(Throwable e) {
        return String.valueOf(e.getMessage()).strip().replaceAll("\\s*\\R\\s*", "; ");
    }
}
