package dev.darkroom.database.embedded;

import static dev.darkroom.testing.TestPostgres.execute;
import static dev.darkroom.testing.TestPostgres.query;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.DatabaseException;
import dev.darkroom.testing.TestPostgres;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Concurrent starts, killed processes and interrupted starts of the embedded database. */
@Timeout(240)
@Execution(ExecutionMode.CONCURRENT)
class EmbeddedDatabaseCrashTest {
    private static final Path BINARIES = TestPostgres.BINARIES;

    @TempDir
    Path temp;

    @Test
    void rejectsSecondStartInSameProcess() throws Exception {
        try (EmbeddedDatabase database = EmbeddedDatabase.start(temp, BINARIES)) {
            // when
            assertThatExceptionOfType(DatabaseException.class)
                    .isThrownBy(() -> EmbeddedDatabase.start(temp, BINARIES))
                    .withMessage("data directory " + temp + " is in use by another Darkroom; give this one its own"
                            + " DARKROOM_DATA_DIR, or DARKROOM_DATABASE_URL to share the database");

            // then
            assertThat(query(database.url(), "SELECT 1")).containsExactly("1");
            // and the rejected start has not released the lock for other processes
            assertThat(child(temp).firstLine()).contains("is in use by another Darkroom");
            assertThat(query(database.url(), "SELECT 1")).containsExactly("1");
        }
    }

    @Test
    void rejectsSecondStartInAnotherProcess() throws Exception {
        try (Child first = child(temp)) {
            // given
            assertThat(first.firstLine()).isEqualTo(EmbeddedDatabaseMain.READY);

            // when
            assertThatExceptionOfType(DatabaseException.class)
                    .isThrownBy(() -> EmbeddedDatabase.start(temp, BINARIES))
                    .withMessageContaining("is in use by another Darkroom");

            // then
            assertThat(query(EmbeddedDatabase.findRunning(temp).orElseThrow(), "SELECT 1"))
                    .containsExactly("1");
        }
    }

    @Test
    void replacesServerOfKilledProcess() throws Exception {
        try (Child killed = child(temp)) {
            // given
            assertThat(killed.firstLine()).isEqualTo(EmbeddedDatabaseMain.READY);
            DatabaseUrl orphan = EmbeddedDatabase.findRunning(temp).orElseThrow();
            execute(orphan, "CREATE TABLE kept (word text)", "INSERT INTO kept VALUES ('still here')");
            killed.process.destroyForcibly().waitFor();
            assertThat(query(orphan, "SELECT word FROM kept")).containsExactly("still here");

            // when
            try (EmbeddedDatabase database = EmbeddedDatabase.start(temp, BINARIES)) {
                // then
                assertThat(query(database.url(), "SELECT word FROM kept")).containsExactly("still here");
                assertThatThrownBy(() -> query(orphan, "SELECT 1")).isInstanceOf(IllegalStateException.class);
            }
        }
    }

    @Test
    void runsServerInSeparateSession() throws Exception {
        try (EmbeddedDatabase database = EmbeddedDatabase.start(temp, BINARIES)) {
            // given
            String pid = query(database.url(), "SELECT pg_backend_pid()").get(0);
            String postmaster = Files.readAllLines(temp.resolve("postgres/cluster/postmaster.pid"))
                    .get(0);

            // when
            Process ps = new ProcessBuilder("ps", "-o", "sid=,pgid=", "-p", postmaster).start();

            // then
            try (BufferedReader reader = ps.inputReader()) {
                assertThat(reader.readLine().strip().split("\\s+")).containsExactly(postmaster, postmaster);
            }
            assertThat(pid).isNotEqualTo(postmaster);
        }
    }

    @Test
    void ignoresPidFileOfDeadOrUnrelatedProcess() throws IOException {
        // given
        EmbeddedDatabase.start(temp, BINARIES).close();
        Path pidFile = temp.resolve("postgres/cluster/postmaster.pid");
        for (long pid : List.of(4_194_301L, ProcessHandle.current().pid())) {
            Files.writeString(
                    pidFile, pid + "\n" + temp.resolve("postgres/cluster") + "\n0\n1\n\n127.0.0.1\n0 0\nready\n");

            // when
            try (EmbeddedDatabase database = EmbeddedDatabase.start(temp, BINARIES)) {
                // then
                assertThat(query(database.url(), "SELECT 1")).containsExactly("1");
            }
            assertThat(ProcessHandle.current().isAlive()).isTrue();
        }
    }

    @Test
    void copyOfRunningClusterDoesNotStopOriginal() throws Exception {
        // given
        Path copy = Files.createDirectory(temp.resolve("copy"));
        Path original = Files.createDirectory(temp.resolve("original"));
        EmbeddedDatabase.start(copy, BINARIES).close();
        try (EmbeddedDatabase database = EmbeddedDatabase.start(original, BINARIES)) {
            Files.copy(
                    original.resolve("postgres/cluster/postmaster.pid"),
                    copy.resolve("postgres/cluster/postmaster.pid"));

            // when
            EmbeddedDatabase.start(copy, BINARIES).close();

            // then
            assertThat(query(database.url(), "SELECT 1")).containsExactly("1");
        }
    }

    @Test
    void deletesRemainsOfInterruptedStart() throws IOException {
        // given
        Path incompleteCluster = Files.createDirectories(temp.resolve("postgres/cluster.new/base"));
        Files.writeString(incompleteCluster.resolveSibling("postgresql.conf"), "nonsense");
        Files.writeString(temp.resolve("postgres/connection.properties"), "password=of-the-attempt\n");
        Files.writeString(temp.resolve("postgres/connection.properties.new"), "passw");
        Path binaries = temp.resolve("binaries");
        Path incompleteBinaries = Files.createDirectories(binaries.resolve("postgres-0123456789abcdef.new/bin"));
        Files.writeString(incompleteBinaries.resolve("postgres"), "incomplete");

        // when
        try (EmbeddedDatabase database = EmbeddedDatabase.start(temp, binaries)) {
            // then
            assertThat(query(database.url(), "SELECT 1")).containsExactly("1");
            assertThat(incompleteCluster).doesNotExist();
            assertThat(incompleteBinaries).doesNotExist();
        }
    }

    private static Child child(Path dataDir) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return new Child(new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-cp",
                        classPath,
                        EmbeddedDatabaseMain.class.getName(),
                        dataDir.toString(),
                        BINARIES.toString())
                .redirectErrorStream(true)
                .start());
    }

    /** Another process with an embedded database. Closing ends its standard input, after which it stops its server. */
    private record Child(Process process) implements AutoCloseable {

        /** Returns the first output line that is not a log line. */
        String firstLine() throws IOException {
            BufferedReader reader = process.inputReader();
            String line;
            do {
                line = reader.readLine();
            } while (line != null && (line.contains(" INFO ") || line.contains(" DEBUG ")));
            return line;
        }

        @Override
        public void close() throws IOException {
            process.outputWriter().close();
            try {
                process.onExit().orTimeout(60, TimeUnit.SECONDS).join();
            } finally {
                process.destroyForcibly();
            }
        }
    }
}
