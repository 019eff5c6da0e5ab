package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FakeClock;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks clocks that differ by an hour: leases expire neither early nor late, and no work waits for an hour. */
@Tag("chaos")
@Timeout(300)
class ClockSkewIT {
    private static final Duration TTL = Duration.ofSeconds(3);
    private static final Duration HEARTBEAT = Duration.ofMillis(500);

    @TempDir
    Path directory;

    @AutoClose
    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));

    private final DatabaseUrl database = TestPostgres.newDatabase();

    /** Skews the database clock, which for the processes equals a skew of all their clocks. */
    @ParameterizedTest
    @ValueSource(strings = {"1 hour", "-1 hour"})
    void toleratesSkewedDatabaseClock(String shift) {
        // given a now() that precedes PostgreSQL's own in the search path
        TestPostgres.execute(
                database,
                "CREATE SCHEMA shifted",
                "CREATE FUNCTION shifted.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$"
                        + " SELECT pg_catalog.now() + interval '" + shift + "' $$",
                "ALTER DATABASE " + database.database() + " SET search_path = public, shifted, pg_catalog");
        try (DarkroomFleet darkroomFleet = new DarkroomFleet(directory, 2, settings())) {
            assertThat(TestPostgres.query(database, "SELECT abs(extract(epoch FROM now() - pg_catalog.now())) > 3000"))
                    .containsExactly("t");

            // then
            assertLongCallKeepsLease(darkroomFleet, 0);
            assertTakeoverAfterLeaseExpiry(darkroomFleet);
            AttemptHistoryCheck.assertNoViolations(
                    darkroomFleet.allProcesses(), database, directory.resolve("data/images"));
        }
    }

    /** Sets the clock of one process an hour ahead, an hour behind, then right. */
    @Test
    void toleratesClockJumpsOfOneProcess() {
        // given
        FakeClock clock = new FakeClock();
        clock.set("+1h");
        Map<String, String> skewed = new HashMap<>(settings().environment());
        skewed.putAll(clock.environment());
        try (DarkroomFleet darkroomFleet = new DarkroomFleet(
                directory, 2, place -> place == 0 ? skewed : settings().environment())) {
            DarkroomInstanceProcess skewedProcess = darkroomFleet.processAt(0);
            Instant logged = Instant.parse(skewedProcess.log().stream()
                    .filter(line -> line.contains("node registered"))
                    .findFirst()
                    .orElseThrow()
                    .split(" ")[0]);
            assertThat(logged)
                    .as("time in the log of the skewed process")
                    .isAfter(Instant.now().plus(Duration.ofMinutes(50)));
            for (String time : List.of("+1h", "-1h", "+0")) {

                // when
                clock.set(time);

                // then
                for (int i = 0; i < 10; i++) {
                    String id = darkroomFleet.client(i % 2).create("with a skewed clock");
                    assertThat(darkroomFleet.client(1).awaitEnd(id).getString("status"))
                            .isEqualTo("COMPLETE");
                }
                assertLongCallKeepsLease(darkroomFleet, 0);
                assertLongCallKeepsLease(darkroomFleet, 1);
                assertThat(DarkroomFleet.nodeIds(skewedProcess))
                        .as("node lease never expired")
                        .hasSize(1);
                System.out.printf("chaos: the clock of one process at %s%n", time);
            }
            clock.set("-1h");
            assertTakeoverAfterLeaseExpiry(darkroomFleet);
            AttemptHistoryCheck.assertNoViolations(
                    darkroomFleet.allProcesses(), database, directory.resolve("data/images"));
        }
    }

    /** Kills the process that runs an attempt and checks that the other takes over when the lease expires, not before. */
    private void assertTakeoverAfterLeaseExpiry(DarkroomFleet darkroomFleet) {
        inProcessSimulator.script(new JsonObject().put("delay", "1m"));
        String id = darkroomFleet.client(0).create("taken over");
        awaitSubmissions(id, 1);
        int place = darkroomFleet.placeOfNode(owner(id)).orElseThrow();
        Instant killed = Instant.now();
        darkroomFleet.kill(place);
        awaitSubmissions(id, 2);
        Duration took = Duration.between(
                killed,
                Instant.parse(inProcessSimulator.recordedRequests(id).get(1).getString("at")));
        System.out.printf("chaos: taken over %d ms after the kill%n", took.toMillis());
        assertThat(took).isBetween(TTL.minus(HEARTBEAT).minusMillis(500), TTL.plusSeconds(4));
        assertThat(darkroomFleet.client(1 - place).awaitEnd(id).getString("status"))
                .isEqualTo("COMPLETE");
    }

    private void assertLongCallKeepsLease(DarkroomFleet darkroomFleet, int place) {
        inProcessSimulator.script(
                new JsonObject().put("delay", TTL.plusSeconds(1).toMillis() + "ms"));
        String id = darkroomFleet.client(place).create("longer than a lease");
        JsonObject ended = darkroomFleet.client(1 - place).awaitEnd(id);
        assertThat(ended.getJsonArray("attempts")).hasSize(1);
        assertThat(inProcessSimulator.recordedRequests(id)).hasSize(1);
    }

    private void awaitSubmissions(String id, int times) {
        Awaitility.await("submitted")
                .atMost(Duration.ofSeconds(20))
                .until(() -> inProcessSimulator.recordedRequests(id).size() == times);
    }

    private String owner(String id) {
        return TestPostgres.query(
                        database, "SELECT lease_owner FROM generation_queue WHERE generation_id = '" + id + "'")
                .get(0);
    }

    private DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(inProcessSimulator)
                .smallProcess()
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", HEARTBEAT.toMillis() + "ms")
                .with("DARKROOM_NODE_TTL", TTL.toMillis() + "ms")
                .with("DARKROOM_NODE_REAP_INTERVAL", "500ms");
    }
}
