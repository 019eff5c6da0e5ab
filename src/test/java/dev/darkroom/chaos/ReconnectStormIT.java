package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Fleet;
import dev.darkroom.testing.TestKeys;
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

/** Ten thousand who are connected to a node that dies, and come back to another at once, each with a key and a cursor of their own. */
@Tag("chaos")
@Timeout(600)
class ReconnectStormIT {
    private static final int CLIENTS = Chaos.figure("storm", 10_000);

    /** After it PostgreSQL's sessions have reported what they have done: idle ones do so after ten seconds. */
    private static final Duration REPORTED = Duration.ofSeconds(12);

    @TempDir
    Path directory;

    @Test
    void theDatabaseHardlyNoticesThatAllComeBack() {
        // given
        Random dice = Chaos.dice("reconnect storm");
        DatabaseUrl database = TestPostgres.newDatabase();
        AtomicInteger place = new AtomicInteger();
        try (AiServer aiServer = new AiServer(Duration.ofMillis(10));
                Fleet fleet =
                        new Fleet(directory, 2, settings().database(database).aiServer(aiServer), "-Xmx512m")) {
            List<String> keys = TestKeys.make(
                    database,
                    IntStream.range(0, CLIENTS).mapToObj(i -> "user-" + i).toList());
            try (Listeners listeners =
                    new Listeners(() -> fleet.node(place.get()).api().getPort(), keys, dice)) {
                awaitAll(listeners);
                Chaos.pass(REPORTED);
                long before = statements(database);

                // when
                place.set(1);
                long killed = System.nanoTime();
                fleet.kill(0);
                Awaitility.await("cut off").until(() -> listeners.live() < CLIENTS);
                awaitAll(listeners);
                Duration took = Duration.ofNanos(System.nanoTime() - killed);

                // then
                Chaos.pass(REPORTED);
                long asked = statements(database) - before;
                System.out.printf(
                        "chaos: reconnect storm: %d ms until all were back, %d statements; %s%n",
                        took.toMillis(), asked, listeners);
                assertThat(asked)
                        .as("statements, with what the process asks anyway")
                        .isLessThan(CLIENTS / 10);
                assertThat(took).isLessThan(Duration.ofSeconds(30));
                fleet.client(1).withKey(keys.get(0)).create("A lighthouse after the storm");
                Awaitility.await("told")
                        .atMost(Duration.ofSeconds(20))
                        .until(() -> listeners.last().get(0) == 1);
                assertThat(listeners.last().subList(1, CLIENTS)).isEqualTo(Collections.nCopies(CLIENTS - 1, 0L));
                listeners.assertNothingWasWrong();
            }
        }
    }

    private static void awaitAll(Listeners listeners) {
        Awaitility.await("all are connected")
                .atMost(Duration.ofSeconds(120))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> listeners.live() == CLIENTS);
    }

    /** Each is a transaction of its own, but for those that end generations. */
    private static long statements(DatabaseUrl database) {
        return Long.parseLong(TestPostgres.query(
                        database,
                        "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()")
                .get(0));
    }

    private static DarkroomSettings settings() {
        return DarkroomSettings.quick()
                .with("DARKROOM_AUTH", "required")
                // Without the brake that operators get: what is looked at is what all of them at once do.
                .with("DARKROOM_STREAMS_CONNECTS_PER_SECOND", "50000")
                .with("DARKROOM_STREAMS_CONNECTS_PER_ADDRESS", "0")
                .with("DARKROOM_CONNECTIONS_PER_ADDRESS", "0")
                .with("DARKROOM_API_INSTANCES", "2")
                .with("DARKROOM_GENERATION_INSTANCES", "1")
                .with("DARKROOM_NODE_HEARTBEAT", "5s")
                .with("DARKROOM_NODE_TTL", "15s")
                .with("DARKROOM_NODE_SWEEP", "5s")
                .with("DARKROOM_WORKER_POLL", "1s");
    }
}
