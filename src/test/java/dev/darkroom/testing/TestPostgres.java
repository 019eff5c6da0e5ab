package dev.darkroom.testing;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * One PostgreSQL server per test JVM, embedded or from the image {@link StoppablePostgres#IMAGE_PROPERTY}. Starts at the first
 * use and stops with the JVM. Each test creates its own databases in it. The methods block.
 */
public final class TestPostgres {
    /** Directory of the unpacked PostgreSQL programs, shared by all test JVMs. */
    public static final Path BINARIES = Path.of("target", "postgres-binaries").toAbsolutePath();

    private static final AtomicInteger COUNT = new AtomicInteger();

    private TestPostgres() {}

    /** Creates an empty database, owned by the user of the returned URL. */
    public static DatabaseUrl newDatabase() {
        return newDatabase("");
    }

    private static DatabaseUrl newDatabase(String options) {
        String name = "test_" + COUNT.incrementAndGet();
        DatabaseUrl server = Server.URL;
        execute(server, "CREATE DATABASE " + name + options);
        return new DatabaseUrl(server.host(), server.port(), name, server.user(), server.password());
    }

    /** Creates a database with the current schema, copied from a template that was migrated once. */
    public static DatabaseUrl migratedDatabase() {
        return newDatabase(" TEMPLATE " + Template.NAME);
    }

    /** Terminates all client connections to a database, as a server restart would. */
    public static void terminateBackends(String database) {
        try (Connection connection = connect(Server.URL);
                PreparedStatement statement = connection.prepareStatement(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ? AND backend_type = 'client backend'")) {
            statement.setString(1, database);
            statement.execute();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Runs statements over JDBC. */
    public static void execute(DatabaseUrl url, String... sql) {
        try (Connection connection = connect(url);
                Statement statement = connection.createStatement()) {
            for (String each : sql) {
                statement.execute(each);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Returns the first column of all rows of a query over JDBC, as text. */
    public static List<String> query(DatabaseUrl url, String sql) {
        try (Connection connection = connect(url);
                Statement statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            Stream.Builder<String> values = Stream.builder();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values.build().toList();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Connection connect(DatabaseUrl url) throws SQLException {
        return DriverManager.getConnection(
                url.jdbcUrl(), url.user(), url.password().value());
    }

    /** Template database of {@link #migratedDatabase}. */
    private static final class Template {
        private static final String NAME = create();

        private static String create() {
            DatabaseUrl url = newDatabase();
            Settings settings = SettingsLoader.load(
                            DarkroomInstanceSettings.forTests().database(url).environment(), Path.of("/nowhere/at/all"))
                    .settings();
            DatabaseMigrator.migrate(url, settings.database());
            return url.database();
        }
    }

    /** Holder of the server, which starts at the first use. */
    private static final class Server {
        private static final Path DIRECTORY =
                Path.of("target", "test-postgres-" + ProcessHandle.current().pid());
        private static final DatabaseUrl URL = start();

        private static DatabaseUrl start() {
            String image = System.getProperty(StoppablePostgres.IMAGE_PROPERTY);
            if (image != null) {
                PostgresContainer container = PostgresContainer.start(image);
                ShutdownActions.add(container::close);
                return container.url();
            }
            EmbeddedDatabase database = EmbeddedDatabase.start(DIRECTORY, BINARIES);
            ShutdownActions.add(() -> {
                database.close();
                TestDirectories.delete(DIRECTORY);
            });
            return database.url();
        }
    }
}
