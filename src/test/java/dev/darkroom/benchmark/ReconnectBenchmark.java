package dev.darkroom.benchmark;

import dev.darkroom.testing.SseLoadClient;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Clients that were away: one who has missed much, and very many who come back at once. */
final class ReconnectBenchmark {
    private static final int CONNECTIONS_PER_SECOND = 2_000;
    private static final int WARM_UP = 2_000;
    private static final int WARM_UP_A_SECOND = 250;
    private static final int REPLAYS = 30;
    private static final int REPLAYS_WARM_UP = 20;

    /** Time for what a killed process leaves behind to be gone. */
    private static final Duration PAUSE = Duration.ofSeconds(2);

    private final ApiBenchmarkDatabase database;
    private final BenchmarkUsers benchmarkUsers;

    ReconnectBenchmark(ApiBenchmarkDatabase database, BenchmarkUsers benchmarkUsers) {
        this.database = database;
        this.benchmarkUsers = benchmarkUsers;
    }

    /**
     * What it took until all were back.
     *
     * @param firstFrame of each, from when it began to connect
     * @param seconds until the last
     * @param cpu seconds of processors, of the service
     * @param databaseCpu the same of PostgreSQL
     */
    record StormResult(LatencyQuantiles firstFrame, double seconds, long statements, double cpu, double databaseCpu) {}

    /** From when a client connects that has missed so many until it has the last of them; users one after the other. */
    LatencyQuantiles measureReplay(BenchmarkNode node, int missed) throws Exception {
        List<Double> took = new ArrayList<>();
        for (int i = 0; i < REPLAYS + REPLAYS_WARM_UP; i++) {
            int user = i;
            String known = insertNotifications("WHERE n = " + user, missed);
            try (StreamBenchmarkClients client = StreamBenchmarkClients.forDarkroom(
                    1,
                    (one, lastId) -> SseLoadClient.request(
                            BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(user), "Last-Event-ID: " + known))) {
                long start = System.nanoTime();
                client.open(node.port(), 0);
                client.awaitArrivals(missed);
                if (i >= REPLAYS_WARM_UP) {
                    took.add((System.nanoTime() - start) / 1e6);
                }
            }
        }
        return LatencyQuantiles.of(took);
    }

    /** Writes so many notifications for each of some users, as the service would have; what one of them knew before. */
    private String insertNotifications(String which, int each) throws SQLException {
        database.execute("""
                WITH streams AS (
                  INSERT INTO user_streams AS s (user_id, last_seq)
                  SELECT 'user-' || n, %2$d FROM generate_series(0, %3$d) n %1$s
                  ON CONFLICT (user_id) DO UPDATE SET last_seq = s.last_seq + %2$d
                  RETURNING user_id, last_seq)
                INSERT INTO notifications (user_id, seq, id, type, generation_id, data)
                SELECT user_id, last_seq - %2$d + i, gen_random_uuid(), 'generation.ended', g,
                  jsonb_build_object('generationId', g, 'status', 'COMPLETE', 'imageCount', 1, 'failedAttempts', 0)
                FROM streams, generate_series(1, %2$d) i, gen_random_uuid() g""".formatted(which, each, benchmarkUsers.count() - 1));
        return database.query("SELECT left(epoch::text, 8) || '-' || last_seq - " + each
                        + " FROM user_streams JOIN generate_series(0, " + (benchmarkUsers.count() - 1)
                        + ") n ON user_id = 'user-' || n " + which + " LIMIT 1")
                .get(0);
    }

    /** One event for each of very many users, recorded in one transaction: from its commit to each of them. */
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

    /** Lets a process compile what streams need: one that has just started is not what a storm usually meets. */
    void warmUp(BenchmarkNode node) throws Exception {
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forDarkroom(
                WARM_UP,
                (client, lastId) ->
                        SseLoadClient.request(BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(client)))) {
            streams.open(node.port(), WARM_UP_A_SECOND);
        }
    }

    /**
     * All are connected to one node; it is killed, and they connect to the other, with what they know.
     *
     * @param aSecond how many connect in a second; 0 for all at once
     */
    StormResult measureStorm(BenchmarkNode dies, BenchmarkNode lives, int count, int aSecond) throws Exception {
        try (StreamBenchmarkClients streams = StreamBenchmarkClients.forDarkroom(
                count,
                (client, lastId) -> SseLoadClient.request(
                        BenchmarkNode.STREAM, benchmarkUsers.authorizationLine(client), "Last-Event-ID: " + lastId))) {
            streams.open(dies.port(), CONNECTIONS_PER_SECOND);
            streams.awaitEnd(dies::kill);
            Thread.sleep(PAUSE.toMillis());
            database.resetStatements();
            Duration cpu = lives.process().cpu();
            Duration databaseCpu = database.cpuTime();
            long start = System.nanoTime();
            LatencyQuantiles firstFrame = LatencyQuantiles.of(streams.open(lives.port(), aSecond));
            return new StormResult(
                    firstFrame,
                    (System.nanoTime() - start) / 1e9,
                    database.statements().calls(),
                    lives.process().cpu().minus(cpu).toMillis() / 1e3,
                    database.cpuTime().minus(databaseCpu).toMillis() / 1e3);
        }
    }
}
