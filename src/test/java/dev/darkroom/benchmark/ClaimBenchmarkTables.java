package dev.darkroom.benchmark;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.config.Settings;
import dev.darkroom.config.SettingsLoader;
import dev.darkroom.database.DatabaseMigrator;
import dev.darkroom.generation.store.ClaimRateMeter;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.UUID;

/** Tables of generations in a separate database on the same server, to measure claims. All methods block. */
final class ClaimBenchmarkTables implements AutoCloseable {
    private final Connection connection;
    private final ClaimRateMeter meter;
    private final UUID node = UUID.randomUUID();
    private int inserted;

    ClaimBenchmarkTables(ApiBenchmarkDatabase server, String name, Path directory) throws SQLException {
        server.execute("CREATE DATABASE " + name + " OWNER darkroom");
        DatabaseUrl serverUrl = server.url();
        DatabaseUrl url =
                new DatabaseUrl(serverUrl.host(), serverUrl.port(), name, serverUrl.user(), serverUrl.password());
        Settings.Database settings = SettingsLoader.load(
                        Map.of("DARKROOM_DATABASE_URL", server.urlSetting()), directory)
                .settings()
                .database();
        DatabaseMigrator.migrate(url, settings);
        this.connection = DriverManager.getConnection(
                url.jdbcUrl(), url.user(), url.password().value());
        this.meter = new ClaimRateMeter(url, settings);
        execute("INSERT INTO nodes (id, host, version, expires_at) VALUES ('" + node
                + "', 'benchmark', 'benchmark', now() + interval '1 day')");
    }

    void truncate() throws SQLException {
        execute("TRUNCATE " + ApiBenchmarkDatabase.TABLES);
    }

    /** Inserts finished generations with one attempt each, and waiting generations of 1,000 users. */
    void insertGenerations(int finished, int waiting) throws SQLException {
        insert("""
                INSERT INTO generations
                  (id, user_id, status, prompt, width, height, image_count, seed, failed_attempts, completed_at)
                SELECT %s, 'user ' || n %% 1000, 'COMPLETE', repeat('a lighthouse ', 20), 64, 64, 1, 7, 0, now()
                FROM generate_series(%d, %d) n""", finished);
        insert("""
                INSERT INTO generation_attempts
                  (generation_id, number, lease_token, node_id, backend, selection, started_at, finished_at, outcome, counted)
                SELECT %s, 1, 1, gen_random_uuid(), 'default', 'ONLY', now(), now(), 'SUCCEEDED', true
                FROM generate_series(%d, %d) n""", finished);
        inserted += finished;
        insert("""
                INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed)
                SELECT %s, 'user ' || n %% 1000, repeat('a lighthouse ', 20), 64, 64, 1, 7
                FROM generate_series(%d, %d) n""", waiting);
        insert("""
                INSERT INTO generation_queue (generation_id, user_id, route, deadline, turn)
                SELECT %s, 'user ' || n %% 1000, 'default', now() + interval '1 day', n / 1000
                FROM generate_series(%d, %d) n""", waiting);
        inserted += waiting;
        execute("VACUUM ANALYZE");
    }

    private void insert(String sql, int count) throws SQLException {
        String id = "('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid";
        execute(sql.formatted(id, inserted + 1, inserted + count));
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Claims {@code count} generations and returns the claims per second. */
    double measureClaimRate(int count) throws Exception {
        return meter.measureRate(node, count);
    }

    @Override
    public void close() throws Exception {
        meter.close();
        connection.close();
    }
}
