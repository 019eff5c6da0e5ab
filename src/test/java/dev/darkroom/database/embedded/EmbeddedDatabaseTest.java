package dev.darkroom.database.embedded;

import static dev.darkroom.testing.TestPostgres.execute;
import static dev.darkroom.testing.TestPostgres.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Secret;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Settings, permissions, restart and errors of the embedded database. */
@Timeout(240)
@Execution(ExecutionMode.CONCURRENT)
class EmbeddedDatabaseTest {
    private static final Path BINARIES = TestPostgres.BINARIES;

    /** The data directory of the tests that change nothing. */
    @TempDir
    static Path shared;

    private static EmbeddedDatabase running;

    @TempDir
    Path temp;

    @BeforeAll
    static void start() {
        running = EmbeddedDatabase.start(shared.resolve("new/data"), BINARIES);
    }

    @AfterAll
    static void close() {
        running.close();
    }

    private static Path postgresDirectory() {
        return shared.resolve("new/data/postgres");
    }

    @Test
    void keepsDataAcrossRestart() {
        // given
        Path dataDir = temp.resolve("data");
        try (EmbeddedDatabase database = EmbeddedDatabase.start(dataDir, BINARIES)) {
            execute(database.url(), "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('still here')");
        }

        // when
        try (EmbeddedDatabase database = EmbeddedDatabase.start(dataDir, BINARIES)) {
            // then
            assertThat(query(database.url(), "SELECT word FROM kept")).containsExactly("still here");
        }
    }

    @Test
    void enablesDurableCommitsAndListensOnLoopbackOnly() throws IOException {
        assertThat(query(
                        running.url(),
                        "SELECT name || '=' || setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit',"
                                + " 'full_page_writes', 'listen_addresses', 'log_timezone',"
                                + " 'max_connections', 'logging_collector') ORDER BY lower(name)"))
                .containsExactly(
                        "fsync=on",
                        "full_page_writes=on",
                        "listen_addresses=127.0.0.1",
                        "log_timezone=UTC",
                        "logging_collector=on",
                        "max_connections=100",
                        "synchronous_commit=on");
        // The fifth line is the directory of the Unix socket.
        assertThat(Files.readAllLines(postgresDirectory().resolve("cluster/postmaster.pid"))
                        .get(4))
                .isEmpty();
    }

    @Test
    void runsPostgres18WithOrdinaryRole() {
        assertThat(query(running.url(), "SHOW server_version_num").get(0)).startsWith("18");
        assertThat(query(running.url(), "SHOW is_superuser")).containsExactly("off");
    }

    /** The password is random with 256 bits, so more iterations would only delay connections. */
    @Test
    void storesPasswordWithOneScramIteration() throws IOException {
        Secret superuser = new Secret(Files.readString(postgresDirectory().resolve("superuser-password"))
                .strip());
        DatabaseUrl url = new DatabaseUrl("127.0.0.1", running.url().port(), "darkroom", "postgres", superuser);

        assertThat(query(url, "SELECT substr(rolpassword, 1, 16) FROM pg_authid WHERE rolname = 'darkroom'"))
                .containsExactly("SCRAM-SHA-256$1:");
    }

    @Test
    void rejectsWrongAndMissingPassword() {
        for (String user : List.of("darkroom", "postgres")) {
            for (Secret password : List.of(new Secret("wrong"), Secret.NONE)) {
                // given
                DatabaseUrl url = new DatabaseUrl("127.0.0.1", running.url().port(), "darkroom", user, password);

                // then
                assertThatThrownBy(() -> query(url, "SELECT 1")).hasMessageContaining("password");
            }
        }
    }

    @Test
    void restrictsDirectoryAndPasswordsToOwner() throws IOException {
        assertThat(permissions(postgresDirectory().getParent())).isEqualTo("rwx------");
        assertThat(permissions(postgresDirectory())).isEqualTo("rwx------");
        assertThat(permissions(postgresDirectory().resolve("cluster"))).isEqualTo("rwx------");
        assertThat(permissions(postgresDirectory().resolve("connection.properties")))
                .isEqualTo("rw-------");
        assertThat(permissions(postgresDirectory().resolve("superuser-password")))
                .isEqualTo("rw-------");
        assertThat(Files.readString(postgresDirectory().resolve("connection.properties")))
                .contains(running.url().password().value());
        assertThat(running.url().password().value()).hasSize(43);
    }

    @Test
    void restrictsExistingDirectoryToOwner() throws IOException {
        // given
        Path directory = Files.createDirectory(temp.resolve("postgres"));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));

        // when
        EmbeddedDatabase.start(temp, BINARIES).close();

        // then
        assertThat(permissions(directory)).isEqualTo("rwx------");
    }

    @Test
    void findsDatabaseOnlyWhileItRuns() {
        // given
        assertThat(EmbeddedDatabase.findRunning(temp)).isEmpty();

        // when
        try (EmbeddedDatabase database = EmbeddedDatabase.start(temp, BINARIES)) {
            // then
            assertThat(EmbeddedDatabase.findRunning(temp)).contains(database.url());
        }
        assertThat(EmbeddedDatabase.findRunning(temp)).isEmpty();
    }

    @Test
    void reportsUnusableDirectoryInOneLine() throws IOException {
        // given
        Path file = Files.createFile(temp.resolve("file"));

        // then
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> EmbeddedDatabase.start(file, BINARIES))
                .withMessageContaining(file.toString())
                .withMessageContaining("DARKROOM_DATA_DIR")
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
    }

    @Test
    void reportsFailedStartAndUnlocksDirectory() throws IOException {
        // given
        EmbeddedDatabase.start(temp, BINARIES).close();
        Path version = temp.resolve("postgres/cluster/PG_VERSION");
        Files.writeString(version, "17\n");

        // when
        assertThatExceptionOfType(DatabaseException.class)
                .isThrownBy(() -> EmbeddedDatabase.start(temp, BINARIES))
                .withMessageContaining("database files are incompatible with server")
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));

        // then
        Files.writeString(version, "18\n");
        EmbeddedDatabase.start(temp, BINARIES).close();
    }

    @Test
    void closesIdempotentlyWithOpenSessions() throws Exception {
        // given
        EmbeddedDatabase database = EmbeddedDatabase.start(temp, BINARIES);
        Thread session = new Thread(() -> assertThatThrownBy(() -> query(database.url(), "SELECT pg_sleep(60)"))
                .hasMessageContaining("administrator command"));
        session.start();
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> query(database.url(), "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep%'")
                                .size()
                        == 1);

        // when
        database.close();
        database.close();

        // then
        session.join(TimeUnit.SECONDS.toMillis(10));
        assertThat(session.isAlive()).isFalse();
        assertThat(EmbeddedDatabase.findRunning(temp)).isEmpty();
    }

    private static String permissions(Path path) throws IOException {
        return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
    }
}
