package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Kills a node with 10,000 connected clients. All reconnect to another node at once, each with its own key and cursor. */
@Tag("chaos")
@Timeout(600)
class ReconnectStormIT {
    private static final int CLIENTS = ChaosParameters.sizeProperty("storm", 10_000);

    /** Idle PostgreSQL sessions report their statistics after ten seconds. */
    private static final Duration STATISTICS_DELAY = Duration.ofSeconds(12);

    @TempDir
    Path directory;

    @Test
    void reconnectStormCausesFewStatements() {
        // given
        Random random = ChaosParameters.seededRandom("reconnect storm");
        DatabaseUrl database = TestPostgres.newDatabase();
        AtomicInteger place = new AtomicInteger();
        try (InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
                DarkroomFleet darkroomFleet = new DarkroomFleet(
                        directory, 2, settings().database(database).aiServer(inProcessSimulator), "-Xmx512m")) {
            List<String> keys = TestApiKeys.create(
                    database,
                    IntStream.range(0, CLIENTS).mapToObj(i -> "user-" + i).toList());
            try (ReconnectingStreamClients reconnectingStreamClients = new ReconnectingStreamClients(
                    () -> darkroomFleet.processAt(place.get()).api().getPort(), keys, random)) {
                awaitAll(reconnectingStreamClients);
                ChaosParameters.waitFor(STATISTICS_DELAY);
                long before = statements(database);

                // when
                place.set(1);
                long killed = System.nanoTime();
                darkroomFleet.kill(0);
                Awaitility.await("disconnected").until(() -> reconnectingStreamClients.live() < CLIENTS);
                awaitAll(reconnectingStreamClients);
                Duration took = Duration.ofNanos(System.nanoTime() - killed);

                // then
                ChaosParameters.waitFor(STATISTICS_DELAY);
                long statements = statements(database) - before;
                System.out.printf(
                        "chaos: reconnect storm: %d ms until all were back, %d statements; %s%n",
                        took.toMillis(), statements, reconnectingStreamClients);
                assertThat(statements).as("statements, including periodic ones").isLessThan(CLIENTS / 10);
                assertThat(took).isLessThan(Duration.ofSeconds(30));
                darkroomFleet.client(1).withKey(keys.get(0)).create("A lighthouse after the storm");
                Awaitility.await("notification")
                        .atMost(Duration.ofSeconds(20))
                        .until(() -> reconnectingStreamClients.lastNumbers().get(0) == 1);
                assertThat(reconnectingStreamClients.lastNumbers().subList(1, CLIENTS))
                        .isEqualTo(Collections.nCopies(CLIENTS - 1, 0L));
                reconnectingStreamClients.assertNoViolations();
            }
        }
    }

    private static void awaitAll(ReconnectingStreamClients reconnectingStreamClients) {
        Awaitility.await("all are connected")
                .atMost(Duration.ofSeconds(120))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> reconnectingStreamClients.live() == CLIENTS);
    }

    /** Returns the number of transactions. Each statement is its own transaction, except those that finish generations. */
    private static long statements(DatabaseUrl database) {
        return Long.parseLong(TestPostgres.query(
                        database,
                        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
                .get(0));
    }

    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .with("DARKROOM_AUTH", "required")
                // No connection rate limit, so that all clients reconnect at once.
                .with("DARKROOM_STREAMS_CONNECTS_PER_SECOND", "50000")
                .with("DARKROOM_STREAMS_CONNECTS_PER_SECOND_PER_ADDRESS", "0")
                .with("DARKROOM_CONNECTIONS_PER_ADDRESS", "0")
                .with("DARKROOM_API_INSTANCES", "2")
                .with("DARKROOM_GENERATION_INSTANCES", "1")
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "5s")
                .with("DARKROOM_NODE_TTL", "15s")
                .with("DARKROOM_NODE_REAP_INTERVAL", "5s")
                .with("DARKROOM_WORKER_POLL_INTERVAL", "1s");
    }
}
