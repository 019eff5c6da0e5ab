package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.LoadGenerator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks a fleet under load: rolling restarts, prompts that crash their process, and database faults. */
@Tag("chaos")
@Timeout(900)
class FleetFaultsUnderLoadIT {
    private static final int NODES = 3;

    @TempDir
    Path directory;

    @AutoClose
    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(20));

    private final DatabaseUrl database = TestPostgres.newDatabase();

    @Test
    void rollingRestartCountsNoAttempt() {
        // given calls that end within the grace period, and some that do not
        inProcessSimulator.script(
                ChaosParameters.unreliableAiServerScript(ChaosParameters.seededRandom("rolling restart"), 0));
        // The default lease: no process dies here, and a busy machine must not let a lease expire.
        try (DarkroomFleet darkroomFleet =
                fleet(settings().with("DARKROOM_SHUTDOWN_GRACE_PERIOD", "500ms").with("DARKROOM_NODE_TTL", "15s"))) {
            LoadGenerator loadGenerator = new LoadGenerator(darkroomFleet, 40);

            // when
            for (int round = 0; round < 5; round++) {
                for (int place = 0; place < NODES; place++) {
                    ChaosParameters.waitFor(Duration.ofSeconds(1));
                    DarkroomInstanceProcess old = darkroomFleet.processAt(place);
                    int exit = old.stop();
                    darkroomFleet.markGone(place);
                    assertThat(exit).isZero();
                    darkroomFleet.launch(place);
                    darkroomFleet.awaitReady(place);
                }
            }
            loadGenerator.close();

            // then
            loadGenerator.assertResponsesExpected();
            loadGenerator.assertAllAcceptedComplete(database, Duration.ofMinutes(1));
            assertThat(query("SELECT DISTINCT outcome || ' ' || counted FROM generation_attempts"))
                    .isSubsetOf("SUCCEEDED true", "INTERRUPTED false")
                    .contains("SUCCEEDED true");
            AttemptHistoryCheck.assertNoViolations(
                    darkroomFleet.allProcesses(), database, directory.resolve("data/images"));
            report("rolling restart", loadGenerator);
        }
    }

    @Test
    void failsGenerationThatKillsEveryProcess() {
        // given
        int maxLost = NODES;
        try (DarkroomFleet darkroomFleet =
                fleet(settings().with("DARKROOM_RETRY_MAX_LOST_ATTEMPTS", String.valueOf(maxLost)))) {
            inProcessSimulator.script(new JsonObject().put("delay", "1m").put("times", maxLost));
            String poison = darkroomFleet.randomClient().create("poison");

            // when
            for (int deaths = 0; deaths < maxLost; deaths++) {
                int place = awaitLeaseHolder(darkroomFleet, poison);
                darkroomFleet.kill(place);
                darkroomFleet.launch(place);
                darkroomFleet.awaitReady(place);
            }

            // then
            JsonObject ended = darkroomFleet.randomClient().awaitEnd(poison);
            assertThat(ended.getString("status")).isEqualTo("FAILED");
            assertThat(ended.getJsonObject("error").getString("code")).isEqualTo("ATTEMPTS_LOST");
            assertThat(ended.getInteger("failedAttempts")).isEqualTo(maxLost);
            // A process killed between claim and call leaves an unused step of the script.
            inProcessSimulator.reset();
            String next = darkroomFleet.randomClient().create("no poison");
            assertThat(darkroomFleet.randomClient().awaitEnd(next).getString("status"))
                    .isEqualTo("COMPLETE");
            assertThat(darkroomFleet.readyCount()).isEqualTo(NODES);
            AttemptHistoryCheck.assertNoViolations(
                    darkroomFleet.allProcesses(), database, directory.resolve("data/images"));
        }
    }

    private int awaitLeaseHolder(DarkroomFleet darkroomFleet, String generation) {
        return Awaitility.await("claimed")
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> query(
                                        "SELECT lease_owner FROM generation_queue WHERE lease_owner IS NOT NULL AND generation_id = '"
                                                + generation + "'")
                                .stream()
                                .findFirst()
                                .flatMap(darkroomFleet::placeOfNode),
                        Optional::isPresent)
                .get();
    }

    /** Like {@code survivesTerminatedConnections} of {@link DatabaseRestartIT}, for a fleet. */
    @Test
    void survivesTerminatedConnections() {
        // given
        Random random = ChaosParameters.seededRandom("cut connections");
        inProcessSimulator.script(ChaosParameters.unreliableAiServerScript(random, 5));
        try (DarkroomFleet darkroomFleet = fleet(settings())) {
            LoadGenerator loadGenerator = new LoadGenerator(darkroomFleet, 30);

            // when
            for (int i = 0; i < 300; i++) {
                ChaosParameters.waitFor(Duration.ofMillis(200));
                TestPostgres.execute(
                        database,
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database()"
                                + " AND pid <> pg_backend_pid() ORDER BY hashtext(pid::text || '" + random.nextInt()
                                + "') LIMIT 1");
            }
            loadGenerator.close();

            // then
            loadGenerator.assertResponsesExpected();
            loadGenerator.assertAllAcceptedEnded(database, Duration.ofMinutes(1), Set.of("COMPLETE", "FAILED"));
            AttemptHistoryCheck.assertNoViolations(
                    darkroomFleet.allProcesses(), database, directory.resolve("data/images"));
            report("cut connections", loadGenerator);
        }
    }

    /** Simulates a fail-over to a standby (SQLSTATE 25006) and a full disk (53100). */
    @Test
    void survivesDatabaseWithoutWrites() {
        // given
        try (DarkroomFleet darkroomFleet = fleet(settings())) {
            LoadGenerator loadGenerator = new LoadGenerator(darkroomFleet, 20);
            Awaitility.await().until(() -> loadGenerator.acceptedIds().size() > 20);

            // when
            String name = database.database();
            TestPostgres.execute(database, "ALTER DATABASE " + name + " SET default_transaction_read_only = on");
            TestPostgres.terminateBackends(name);
            Awaitility.await("rejected").until(() -> loadGenerator.rejectedCount() > 20);
            int before = lineCount(darkroomFleet);
            ChaosParameters.waitFor(Duration.ofSeconds(4));
            int linesPerSecond = (lineCount(darkroomFleet) - before) / 4;
            // The session that resets the default must be writable itself.
            TestPostgres.execute(
                    database, "SET default_transaction_read_only = off", "ALTER DATABASE " + name + " RESET ALL");
            TestPostgres.terminateBackends(name);
            awaitAccepted(loadGenerator);

            TestPostgres.execute(
                    database,
                    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                            + " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$",
                    "CREATE TRIGGER full_disk BEFORE INSERT ON generation_attempts EXECUTE FUNCTION full_disk()",
                    "CREATE TRIGGER full_disk BEFORE INSERT ON generations EXECUTE FUNCTION full_disk()");
            int rejected = loadGenerator.rejectedCount();
            Awaitility.await("rejected")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> loadGenerator.rejectedCount() > rejected + 20);
            TestPostgres.execute(
                    database, "DROP TRIGGER full_disk ON generation_attempts", "DROP TRIGGER full_disk ON generations");
            awaitAccepted(loadGenerator);
            loadGenerator.close();

            // then
            loadGenerator.assertResponsesExpected();
            loadGenerator.assertAllAcceptedComplete(database, Duration.ofMinutes(1));
            AttemptHistoryCheck.assertNoViolations(
                    darkroomFleet.allProcesses(), database, directory.resolve("data/images"));
            assertThat(linesPerSecond)
                    .as("lines per second in three logs, with 20 rejected requests per second")
                    .isLessThan(150);
            System.out.printf("chaos: read-only: %d log lines a second of three processes%n", linesPerSecond);
            report("read-only, then disk full", loadGenerator);
        }
    }

    private static void awaitAccepted(LoadGenerator loadGenerator) {
        int accepted = loadGenerator.acceptedIds().size();
        Awaitility.await("accepted again")
                .atMost(Duration.ofSeconds(30))
                .until(() -> loadGenerator.acceptedIds().size() > accepted + 20);
    }

    /** A long transaction of another client prevents vacuum of dead queue rows. */
    @Test
    void longTransactionSlowsClaimsWithinBound() throws SQLException {
        // given
        Duration phase = Duration.ofSeconds(ChaosParameters.sizeProperty("pinned", 60));
        try (DarkroomFleet darkroomFleet = fleet(settings())) {
            LoadGenerator loadGenerator = new LoadGenerator(darkroomFleet, 60);
            ChaosParameters.waitFor(Duration.ofSeconds(5));
            double before = completedPerSecond(Duration.ofSeconds(10));

            // when
            double pinned;
            String dead;
            try (Connection otherClient = DriverManager.getConnection(
                            database.jdbcUrl(),
                            database.user(),
                            database.password().value());
                    Statement statement = otherClient.createStatement()) {
                otherClient.setAutoCommit(false);
                otherClient.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                statement.execute("SELECT 1 FROM generations LIMIT 1");
                ChaosParameters.waitFor(phase.minusSeconds(10));
                pinned = completedPerSecond(Duration.ofSeconds(10));
                dead = query("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'generation_queue'")
                        .get(0);
            }
            double after = completedPerSecond(Duration.ofSeconds(10));
            loadGenerator.close();

            // then
            System.out.printf(
                    "chaos: pinned for %d s: %.0f completed a second before, %.0f with %s dead rows in the queue, %.0f after%n",
                    phase.toSeconds(), before, pinned, dead, after);
            loadGenerator.assertResponsesExpected();
            loadGenerator.assertAllAcceptedComplete(database, Duration.ofMinutes(1));
            assertThat(pinned).isGreaterThan(before / 2);
            assertThat(after).isGreaterThan(before * 0.8);
            AttemptHistoryCheck.assertNoViolations(
                    darkroomFleet.allProcesses(), database, directory.resolve("data/images"));
        }
    }

    private double completedPerSecond(Duration time) {
        long before = completed();
        ChaosParameters.waitFor(time);
        return (completed() - before) / (double) time.toSeconds();
    }

    private long completed() {
        return Long.parseLong(query("SELECT count(*) FROM generations WHERE status = 'COMPLETE'")
                .get(0));
    }

    private static int lineCount(DarkroomFleet darkroomFleet) {
        return darkroomFleet.allProcesses().stream()
                .mapToInt(process -> process.log().size())
                .sum();
    }

    private void report(String name, LoadGenerator loadGenerator) {
        System.out.printf(
                "chaos: %s: %s; attempts: %s%n",
                name,
                loadGenerator,
                query("SELECT count(*) || ' x ' || outcome FROM generation_attempts GROUP BY outcome ORDER BY 1"));
    }

    private List<String> query(String sql) {
        return TestPostgres.query(database, sql);
    }

    private DarkroomFleet fleet(DarkroomInstanceSettings settings) {
        return new DarkroomFleet(directory, NODES, settings.database(database).aiServer(inProcessSimulator));
    }

    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .smallProcess()
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "500ms")
                .with("DARKROOM_NODE_TTL", "4s")
                .with("DARKROOM_NODE_REAP_INTERVAL", "500ms");
    }
}
