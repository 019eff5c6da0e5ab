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
 * Embedded PostgreSQL with the configuration of the service, including durability, plus pg_stat_statements. All methods
 * block.
 */
final class ApiBenchmarkDatabase implements AutoCloseable {
    /** Tables of the service that grow during a benchmark. */
    static final String TABLES =
            "generations, callback_jobs, upload_uses, generation_attempt_purges, generation_retries, generation_attempts, generation_queue,"
                    + " images, waiting_requests";

    private final DatabaseUrl url;
    private final Runnable stopServer;
    private final Path directory;
    private final Connection superuserConnection;

    /** Costs of all statements since {@link #resetStatements}. */
    record Statements(long calls, double executionMs, double walBytes) {}

    private ApiBenchmarkDatabase(DatabaseUrl url, Runnable stopServer, Path directory)
            throws IOException, SQLException {
        this.url = url;
        this.stopServer = stopServer;
        this.directory = directory;
        this.superuserConnection = superuserConnection(url, directory);
    }

    /** @param parameters of the server in addition to those of the service, such as {@code track_commit_timestamp = on} */
    static ApiBenchmarkDatabase start(Path directory, List<String> parameters) throws IOException, SQLException {
        try (EmbeddedDatabase unprepared = EmbeddedDatabase.start(directory, TestPostgres.BINARIES);
                Connection superuser = superuserConnection(unprepared.url(), directory);
                Statement statement = superuser.createStatement()) {
            statement.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
            statement.execute("CREATE EXTENSION pg_stat_statements");
            for (String parameter : parameters) {
                statement.execute("ALTER SYSTEM SET " + parameter);
            }
        }
        EmbeddedDatabase server = EmbeddedDatabase.start(directory, TestPostgres.BINARIES);
        return new ApiBenchmarkDatabase(server.url(), server::close, directory);
    }

    /** Creates another database on the same server, which it does not stop when it is closed. */
    ApiBenchmarkDatabase createDatabase(String name) throws IOException, SQLException {
        execute("CREATE DATABASE " + name + " OWNER " + url.user());
        return new ApiBenchmarkDatabase(
                new DatabaseUrl(url.host(), url.port(), name, url.user(), url.password()), () -> {}, directory);
    }

    private static Connection superuserConnection(DatabaseUrl url, Path directory) throws IOException, SQLException {
        Path password = directory.resolve("postgres").resolve("superuser-password");
        return DriverManager.getConnection(
                url.jdbcUrl(), "postgres", Files.readString(password).strip());
    }

    DatabaseUrl url() {
        return url;
    }

    /** Returns the value of {@code DARKROOM_DATABASE_URL}. */
    String urlSetting() {
        return "postgresql://%s:%s@%s:%d/%s"
                .formatted(url.user(), url.password().value(), url.host(), url.port(), url.database());
    }

    void execute(String sql) throws SQLException {
        try (Statement statement = superuserConnection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Returns the first column of every row as text. */
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

    /** Empties tables and runs a checkpoint, so that no later checkpoint disturbs a measurement. */
    void truncate(String... tables) throws SQLException {
        execute("TRUNCATE " + String.join(", ", tables));
        execute("CHECKPOINT");
    }

    void resetStatements() throws SQLException {
        query("SELECT pg_stat_statements_reset()");
    }

    /** Returns the costs of all statements since {@link #resetStatements}, except those of this connection's user. */
    Statements statements() throws SQLException {
        try (Statement statement = superuserConnection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        SELECT coalesce(sum(calls), 0), coalesce(sum(total_exec_time), 0), coalesce(sum(wal_bytes), 0)
                        FROM pg_stat_statements WHERE userid <> (SELECT oid FROM pg_roles WHERE rolname = 'postgres')""")) {
            rows.next();
            return new Statements(rows.getLong(1), rows.getDouble(2), rows.getDouble(3));
        }
    }

    /** Returns the CPU time used by the server and its processes. */
    Duration cpuTime() throws IOException {
        Path pid = directory.resolve("postgres").resolve("cluster").resolve("postmaster.pid");
        long postmaster = Long.parseLong(Files.readAllLines(pid).get(0));
        return ProcessHandle.of(postmaster).map(ProcessCpuTime::ofProcessTree).orElse(Duration.ZERO);
    }

    @Override
    public void close() throws SQLException {
        superuserConnection.close();
        stopServer.run();
    }
}
