package dev.darkroom.database;

import static dev.darkroom.testing.TestPostgres.execute;
import static dev.darkroom.testing.TestPostgres.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Secret;
import dev.darkroom.config.Settings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Migrations on real servers, and errors before them. */
@Tag("database")
@Timeout(240)
class DatabaseMigratorTest {
    private static final String SCRIPTS = "classpath:db/testmigration";

    @Test
    void migratesOnceAndKeepsDataOnSecondRun() {
        // given
        DatabaseUrl url = TestPostgres.newDatabase();

        // when
        DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url), SCRIPTS);
        execute(url, "INSERT INTO words VALUES (1, 'kept')");
        DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url), SCRIPTS);

        // then
        assertThat(query(url, "SELECT word FROM words")).containsExactly("kept");
    }

    @Test
    void limitsLockWaitButNotStatementTimeOfMigration() {
        // given
        DatabaseUrl url = TestPostgres.newDatabase();

        // when
        DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url), "classpath:db/lockmigration");

        // then
        assertThat(query(url, "SELECT bound FROM bounds ORDER BY bound"))
                .containsExactly("application_name darkroom migrations", "lock_timeout 700", "statement_timeout 0");
    }

    @Test
    void waitsForSlowServer() throws Exception {
        // given
        DatabaseUrl real = TestPostgres.newDatabase();
        try (TcpProxy slow = new TcpProxy(real.host(), real.port())) {
            DatabaseUrl url = new DatabaseUrl("127.0.0.1", slow.port(), real.database(), real.user(), real.password());
            slow.blackhole();
            ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();
            try {
                // when
                scheduler.schedule(slow::resumeForwarding, 4, TimeUnit.SECONDS);

                // then
                DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url), SCRIPTS);
            } finally {
                scheduler.shutdownNow();
            }
        }
        assertThat(query(real, "SELECT count(*) FROM words")).containsExactly("0");
    }

    @Test
    void waitsForStartingServer() throws Exception {
        // given
        DatabaseUrl real = TestPostgres.newDatabase();
        try (StartingPostgresProxy starting = new StartingPostgresProxy(real, 3)) {
            DatabaseUrl url =
                    new DatabaseUrl("127.0.0.1", starting.port(), real.database(), real.user(), real.password());

            // when
            DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url), SCRIPTS);

            // then
            assertThat(starting.rejectedConnections()).isEqualTo(3);
        }
        assertThat(query(real, "SELECT count(*) FROM words")).containsExactly("0");
    }

    @Test
    void waitsForUnreachableServer() throws IOException {
        // given
        DatabaseUrl real = TestPostgres.newDatabase();
        try (TcpProxy proxy = new TcpProxy(real.host(), real.port())) {
            DatabaseUrl url = new DatabaseUrl("127.0.0.1", proxy.port(), real.database(), real.user(), real.password());
            Settings.Database settings = TestDatabaseSettings.of(url);
            proxy.refuseConnections();
            AtomicInteger waits = new AtomicInteger();

            // when the server starts after the second attempt
            DatabaseStartup startup = new DatabaseStartup(settings, delay -> {
                if (waits.incrementAndGet() == 2) {
                    proxy.acceptConnections();
                }
                return false;
            });
            DatabaseMigrator.migrate(url, settings, startup);

            // then
            assertThat(waits).hasValue(2);
        }
        assertThat(query(real, "SELECT count(*) FROM generations")).containsExactly("0");
    }

    @Test
    void signalEndsWaitForUnreachableServer() throws IOException {
        // given
        DatabaseUrl url = new DatabaseUrl("127.0.0.1", FreePort.find(), "images", "anna", Secret.NONE);
        Settings.Database settings = TestDatabaseSettings.of(url);

        // then
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> DatabaseMigrator.migrate(url, settings, new DatabaseStartup(settings, delay -> true)))
                .withMessageContaining("refused");
    }

    @Test
    void migratesConcurrently() throws Exception {
        // given
        DatabaseUrl url = TestPostgres.newDatabase();
        Callable<Void> start = () -> {
            DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url), SCRIPTS);
            return null;
        };
        ExecutorService executor = Executors.newFixedThreadPool(4);
        try {
            // when
            List<Future<Void>> starts = executor.invokeAll(List.of(start, start, start, start));

            // then
            for (Future<Void> each : starts) {
                assertThat(each.get()).isNull();
            }
            assertThat(query(url, "SELECT count(*) FROM flyway_schema_history WHERE success"))
                    .containsExactly("1");
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void reportsUnreachableServerInOneLineWithoutPassword() throws IOException {
        // given
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = socket.getLocalPort();
        }
        DatabaseUrl url = new DatabaseUrl("127.0.0.1", port, "images", "anna", new Secret("top-secret"));

        // then
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> DatabaseMigrator.migrate(url, TestDatabaseSettings.shortStart(url), SCRIPTS))
                .withMessageContaining("the database images at 127.0.0.1:" + port + " (DARKROOM_DATABASE_URL)")
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1).doesNotContain("top-secret"));
    }

    @Test
    void failsWhenServerDoesNotRespond() throws IOException {
        // given
        try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            DatabaseUrl url = new DatabaseUrl("127.0.0.1", silent.getLocalPort(), "db", "anna", Secret.NONE);

            // then
            assertThatExceptionOfType(DatabaseException.class)
                    .isThrownBy(() -> DatabaseMigrator.migrate(url, TestDatabaseSettings.shortStart(url), SCRIPTS))
                    .withMessageContaining("DARKROOM_DATABASE_URL");
        }
    }

    @Test
    void failsWhenServerStaysInStartup() throws IOException {
        // given
        DatabaseUrl real = TestPostgres.newDatabase();
        try (StartingPostgresProxy starting = new StartingPostgresProxy(real, Integer.MAX_VALUE)) {
            DatabaseUrl url =
                    new DatabaseUrl("127.0.0.1", starting.port(), real.database(), real.user(), real.password());

            // then
            assertThatExceptionOfType(DatabaseException.class)
                    .isThrownBy(() -> DatabaseMigrator.migrate(url, TestDatabaseSettings.shortStart(url), SCRIPTS))
                    .withMessageContaining("the database system is starting up");
            assertThat(starting.rejectedConnections()).isGreaterThan(1);
        }
    }

    @Test
    void reportsWrongPasswordInOneLineWithoutPassword() {
        // given
        DatabaseUrl right = TestPostgres.newDatabase();
        DatabaseUrl url =
                new DatabaseUrl(right.host(), right.port(), right.database(), right.user(), new Secret("top-secret"));

        // then
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url), SCRIPTS))
                .withMessageContaining("password authentication failed")
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1).doesNotContain("top-secret"));
    }

    @Test
    void failsWithoutMigrationScripts() {
        // given
        DatabaseUrl url = TestPostgres.newDatabase();

        // then
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> DatabaseMigrator.migrate(url, TestDatabaseSettings.of(url), "classpath:db/nowhere"))
                .withMessageContaining("cannot be migrated")
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
    }

    @Test
    void requiresPostgres14() {
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> DatabaseMigrator.requireSupported(13, "the database"))
                .withMessage("the database is PostgreSQL 13; Darkroom needs 14 or newer");
        assertThatCode(() -> DatabaseMigrator.requireSupported(14, "the database"))
                .doesNotThrowAnyException();
    }
}
