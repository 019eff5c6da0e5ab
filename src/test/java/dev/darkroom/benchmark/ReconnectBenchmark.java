package dev.darkroom.benchmark;

import dev.darkroom.testing.SseLoadClient;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Measures reconnects: the replay of missed events, and many clients that reconnect at once. */
final class ReconnectBenchmark {
    private static final int CONNECTIONS_PER_SECOND = 2_000;
    private static final int WARM_UP = 2_000;
    private static final int WARM_UP_CONNECTIONS_PER_SECOND = 250;
    private static final int REPLAYS = 30;
    private static final int REPLAYS_WARM_UP = 20;

    /** Time for the cleanup after a killed process. */
    private static final Duration PAUSE = Duration.ofSeconds(2);

    private final ApiBenchmarkDatabase database;
    private final BenchmarkUsers benchmarkUsers;

    ReconnectBenchmark(ApiBenchmarkDatabase database, BenchmarkUsers benchmarkUsers) {
        this.database = database;
        this.benchmarkUsers = benchmarkUsers;
    }

    /**
     * Result of a reconnect storm.
     *
     * @param firstFrame latency of each client from the start of its connect to its first event
     * @param seconds until the last client is connected
     * @param statements executed meanwhile
     * @param cpu CPU seconds of the service
     * @param databaseCpu CPU seconds of PostgreSQL
     */
    record StormResult(LatencyQuantiles firstFrame, double seconds, long statements, double cpu, double databaseCpu) {}

    /** Measures from the connect of a client to its last missed event, for one user after the other. */
    LatencyQuantiles measureReplay(BenchmarkNode node, int missed) throws Exception {
        List<Double> latencies = new ArrayList<>();
        for (int i = 0; i < REPLAYS + REPLAYS_WARM_UP; i++) {
            int user = i;
            String known = insertNotifications("WHERE n = " + user, missed);
            try (StreamBenchmarkClients client = StreamBenchmarkClients.forDarkroom(
                    1,
                    (index, lastId) -> SseLoadClient.request(
                            BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(user), "Last-Event-ID: " + known))) {
                long start = System.nanoTime();
                client.open(node.port(), 0);
                client.awaitArrivals(missed);
                if (i >= REPLAYS_WARM_UP) {
                    latencies.add((System.nanoTime() - start) / 1e6);
                }
            }
        }
        return LatencyQuantiles.of(latencies);
    }

    /**
     * Inserts notifications like the service.
     *
     * @param where SQL condition that selects the users
     * @param count number of notifications per user
     * @return the event id before the new notifications, of one of the users
     */
    private String insertNotifications(String where, int count) throws SQLException {
        database.execute("""
                WITH streams AS (
                  INSERT INTO user_streams AS s (user_id, last_seq)
                  SELECT 'user-' || n, %2$d FROM generate_series(0, %3$d) n %1$s
                  ON CONFLICT (user_id) DO UPDATE SET last_seq = s.last_seq + %2$d
                  RETURNING user_id, last_seq)
                INSERT INTO notifications (user_id, seq, id, type, generation_id, data)
                SELECT user_id, last_seq - %2$d + i, gen_random_uuid(), 'generation.ended', g,
                  jsonb_build_object('generationId', g, 'status', 'COMPLETE', 'imageCount', 1, 'failedAttempts', 0)
                FROM streams, generate_series(1, %2$d) i, gen_random_uuid() g""".formatted(where, count, benchmarkUsers.count() - 1));
        return database.query("SELECT left(epoch::text, 8) || '-' || last_seq - " + count
                        + " FROM user_streams JOIN generate_series(0, " + (benchmarkUsers.count() - 1)
                        + ") n ON user_id = 'user-' || n " + where + " LIMIT 1")
                .get(0);
    }

    /** Measures one event for each of many users, inserted in one transaction, from its commit to each client. */
    LatencyQuantiles measureReplayToManyUsers(BenchmarkNode node, int count) throws Exception {
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forDarkroom(
                count,
                (client, lastId) ->
                        SseLoadClient.request(BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(client)))) {
            streams.open(node.port(), CONNECTIONS_PER_SECOND);
            insertNotifications("WHERE n < " + count, 1);
            streams.awaitArrivals(count);
            streams.clearArrivals();
            insertNotifications("WHERE n < " + count, 1);
            return EventLatency.fromCommit(database, streams.awaitArrivals(count), 1);
        }
    }

    /** Warms up a process with streams, since a reconnect storm rarely meets a process that has just started. */
    void warmUp(BenchmarkNode node) throws Exception {
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forDarkroom(
                WARM_UP,
                (client, lastId) ->
                        SseLoadClient.request(BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(client)))) {
            streams.open(node.port(), WARM_UP_CONNECTIONS_PER_SECOND);
        }
    }

    /**
     * Connects all clients to one node, kills it, and measures their reconnect to the other node with {@code Last-Event-ID}.
     *
     * @param connectsPerSecond 0 for all at once
     */
    StormResult measureStorm(BenchmarkNode killed, BenchmarkNode survivor, int count, int connectsPerSecond)
            throws Exception {
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forDarkroom(
                count,
                (client, lastId) -> SseLoadClient.request(
                        BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(client), "Last-Event-ID: " + lastId))) {
            streams.open(killed.port(), CONNECTIONS_PER_SECOND);
            streams.awaitEnd(killed::kill);
            Thread.sleep(PAUSE.toMillis());
            database.resetStatements();
            Duration cpu = survivor.process().cpu();
            Duration databaseCpu = database.cpuTime();
            long start = System.nanoTime();
            LatencyQuantiles firstFrame = LatencyQuantiles.of(streams.open(survivor.port(), connectsPerSecond));
            return new StormResult(
                    firstFrame,
                    (System.nanoTime() - start) / 1e9,
                    database.statements().calls(),
                    survivor.process().cpu().minus(cpu).toMillis() / 1e3,
                    database.cpuTime().minus(databaseCpu).toMillis() / 1e3);
        }
    }
}
