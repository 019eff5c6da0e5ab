package dev.darkroom.benchmark;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The embedded PostgreSQL as the service starts it, durability and all, with one addition: it counts statements. The
 * methods block.
 */
final class ApiBenchmarkDatabase implements AutoCloseable {
    /** The service's tables that fill while it is measured. */
    static final String TABLES =
            "generations, generation_attempt_purges, generation_retries, generation_attempts, generation_queue, images";

    private final EmbeddedDatabase server;
    private final Path directory;
    private final Connection superuserConnection;

    /** What statements have cost since they were last counted. */
    record Statements(long calls, double executionMs, double walBytes) {}

    private ApiBenchmarkDatabase(EmbeddedDatabase server, Path directory) throws IOException, SQLException {
        this.server = server;
        this.directory = directory;
        this.superuserConnection = superuserConnection(server, directory);
    }

    /** @param parameters of the server that differ from the service's, such as {@code track_commit_timestamp = on} */
    static ApiBenchmarkDatabase start(Path directory, List<String> parameters) throws IOException, SQLException {
        try (EmbeddedDatabase unprepared = EmbeddedDatabase.start(directory, TestPostgres.BINARIES);
                Connection superuser = superuserConnection(unprepared, directory);
                Statement statement = superuser.createStatement()) {
            statement.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
            statement.execute("CREATE EXTENSION pg_stat_statements");
            for (String parameter : parameters) {
                statement.execute("ALTER SYSTEM SET " + parameter);
            }
        }
        return new ApiBenchmarkDatabase(EmbeddedDatabase.start(directory, TestPostgres.BINARIES), directory);
    }

    private static Connection superuserConnection(EmbeddedDatabase server, Path directory)
            throws IOException, SQLException {
        Path password = directory.resolve("postgres").resolve("superuser-password");
        return DriverManager.getConnection(
                server.url().jdbcUrl(), "postgres", Files.readString(password).strip());
    }

    DatabaseUrl url() {
        return server.url();
    }

    /** As the setting of the service. */
    String urlSetting() {
        DatabaseUrl url = url();
        return "postgresql://%s:%s@%s:%d/%s"
                .formatted(url.user(), url.password().value(), url.host(), url.port(), url.database());
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = superuserConnection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The first column of every row, as text. */
    List<String> query(String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (Statement statement = superuserConnection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }

    /** Empties tables, and leaves nothing to be written by a checkpoint later. */
    void truncate(String... tables) throws SQLException {
        execute("TRUNCATE " + String.join(", ", tables));
        execute("CHECKPOINT");
    }

    void resetStatements() throws SQLException {
        query("SELECT pg_stat_statements_reset()");
    }

    /** What everybody but ourselves has executed since {@link #resetStatements}. */
    Statements statements() throws SQLException {
        try (Statement statement = superuserConnection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        SELECT coalesce(sum(calls), 0), coalesce(sum(total_exec_time), 0), coalesce(sum(wal_bytes), 0)
                        FROM pg_stat_statements WHERE userid <> (SELECT oid FROM pg_roles WHERE rolname = 'postgres')""")) {
            rows.next();
            return new Statements(rows.getLong(1), rows.getDouble(2), rows.getDouble(3));
        }
    }

    /** The time of processors that the server has used. */
    Duration cpuTime() throws IOException {
        Path pid = directory.resolve("postgres").resolve("cluster").resolve("postmaster.pid");
        long postmaster = Long.parseLong(Files.readAllLines(pid).get(0));
        return ProcessHandle.of(postmaster).map(ProcessCpuTime::ofProcessTree).orElse(Duration.ZERO);
    }

    @Override
    public void close() throws SQLException {
        superuserConnection.close();
        server.close();
    }
}
