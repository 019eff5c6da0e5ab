package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.DarkroomProcess;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Fleet;
import dev.darkroom.testing.Load;
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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A fleet under load, and what operators, prompts and databases do to it. */
@Tag("chaos")
@Timeout(900)
class FleetUnderLoadIT {
    private static final int NODES = 3;

    @TempDir
    Path directory;

    private AiServer aiServer;
    private DatabaseUrl database;

    @BeforeEach
    void start() {
        aiServer = new AiServer(Duration.ofMillis(20));
        database = TestPostgres.newDatabase();
    }

    @AfterEach
    void stop() {
        aiServer.close();
    }

    @Test
    void restartingOneAfterTheOtherBurnsNoAttempt() {
        // given calls that end within the grace, and some that do not
        aiServer.script(Chaos.unsteadyAiServer(Chaos.dice("rolling restart"), 0));
        try (Fleet fleet = fleet(settings().with("DARKROOM_SHUTDOWN_GRACE", "500ms"))) {
            Load load = new Load(fleet, 40);

            // when
            for (int round = 0; round < 5; round++) {
                for (int place = 0; place < NODES; place++) {
                    Chaos.pass(Duration.ofSeconds(1));
                    DarkroomProcess old = fleet.node(place);
                    int exit = old.stop();
                    fleet.gone(place);
                    assertThat(exit).isZero();
                    fleet.launch(place);
                    fleet.awaitReady(place);
                }
            }
            load.close();

            // then
            load.assertAllWereAnswered();
            load.assertAllAcceptedComplete(database, Duration.ofMinutes(1));
            assertThat(query("SELECT DISTINCT outcome || ' ' || counted FROM generation_attempts"))
                    .isSubsetOf("SUCCEEDED true", "INTERRUPTED false")
                    .contains("SUCCEEDED true");
            History.check(fleet.everyone(), database, directory.resolve("data/images"));
            report("rolling restart", load);
        }
    }

    @Test
    void aPromptThatKillsItsProcessEachTimeIsGivenUpAndTheFleetLives() {
        // given
        int most = NODES;
        try (Fleet fleet = fleet(settings().with("DARKROOM_RETRY_MAX_LOST", String.valueOf(most)))) {
            aiServer.script(new JsonObject().put("delay", "1m").put("times", most));
            String poison = fleet.anybody().create("poison");

            // when
            for (int deaths = 0; deaths < most; deaths++) {
                int place = awaitHolder(fleet, poison);
                fleet.kill(place);
                fleet.launch(place);
                fleet.awaitReady(place);
            }

            // then
            JsonObject ended = fleet.anybody().awaitEnd(poison);
            assertThat(ended.getString("status")).isEqualTo("FAILED");
            assertThat(ended.getJsonObject("error").getString("code")).isEqualTo("ATTEMPTS_LOST");
            assertThat(ended.getInteger("failedAttempts")).isEqualTo(most);
            // Whoever was killed between the claim and the call has left a step of the script.
            aiServer.reset();
            String next = fleet.anybody().create("no poison");
            assertThat(fleet.anybody().awaitEnd(next).getString("status")).isEqualTo("COMPLETE");
            assertThat(fleet.there()).isEqualTo(NODES);
            History.check(fleet.everyone(), database, directory.resolve("data/images"));
        }
    }

    private int awaitHolder(Fleet fleet, String generation) {
        return Awaitility.await("claimed")
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> query(
                                        "SELECT lease_owner FROM generation_queue WHERE lease_owner IS NOT NULL AND generation_id = '"
                                                + generation + "'")
                                .stream()
                                .findFirst()
                                .flatMap(fleet::placeOf),
                        Optional::isPresent)
                .get();
    }

    /** {@link DatabaseRestartIT} does it to one process. */
    @Test
    void connectionsThatAreCutFiveTimesASecondLoseNothing() {
        // given
        Random dice = Chaos.dice("cut connections");
        aiServer.script(Chaos.unsteadyAiServer(dice, 5));
        try (Fleet fleet = fleet(settings())) {
            Load load = new Load(fleet, 30);

            // when
            for (int i = 0; i < 300; i++) {
                Chaos.pass(Duration.ofMillis(200));
                TestPostgres.execute(
                        database,
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND datname = current_database()"
                                + " AND pid <> pg_backend_pid() ORDER BY hashtext(pid::text || '" + dice.nextInt()
                                + "') LIMIT 1");
            }
            load.close();

            // then
            load.assertAllWereAnswered();
            load.assertAllAcceptedEnded(database, Duration.ofMinutes(1), Set.of("COMPLETE", "FAILED"));
            History.check(fleet.everyone(), database, directory.resolve("data/images"));
            report("cut connections", load);
        }
    }

    /** As after a fail-over to a standby (25006), and as with a full disk (53100). */
    @Test
    void aDatabaseThatTakesNoWritesIsWaitedForPatiently() {
        // given
        try (Fleet fleet = fleet(settings())) {
            Load load = new Load(fleet, 20);
            Awaitility.await().until(() -> load.accepted().size() > 20);

            // when
            String name = database.database();
            TestPostgres.execute(database, "ALTER DATABASE " + name + " SET default_transaction_read_only = on");
            TestPostgres.terminateBackends(name);
            Awaitility.await("refused").until(() -> load.refused() > 20);
            int before = lines(fleet);
            Chaos.pass(Duration.ofSeconds(4));
            int linesASecond = (lines(fleet) - before) / 4;
            // Whoever sets it back must not be held to it.
            TestPostgres.execute(
                    database, "SET default_transaction_read_only = off", "ALTER DATABASE " + name + " RESET ALL");
            TestPostgres.terminateBackends(name);
            goesOnAfter(load);

            TestPostgres.execute(
                    database,
                    "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                            + " RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$",
                    "CREATE TRIGGER full_disk BEFORE INSERT ON generation_attempts EXECUTE FUNCTION full_disk()",
                    "CREATE TRIGGER full_disk BEFORE INSERT ON generations EXECUTE FUNCTION full_disk()");
            int refused = load.refused();
            Awaitility.await("refused").atMost(Duration.ofSeconds(30)).until(() -> load.refused() > refused + 20);
            TestPostgres.execute(
                    database, "DROP TRIGGER full_disk ON generation_attempts", "DROP TRIGGER full_disk ON generations");
            goesOnAfter(load);
            load.close();

            // then
            load.assertAllWereAnswered();
            load.assertAllAcceptedComplete(database, Duration.ofMinutes(1));
            History.check(fleet.everyone(), database, directory.resolve("data/images"));
            assertThat(linesASecond)
                    .as("lines in three logs, with 20 requests a second refused")
                    .isLessThan(150);
            System.out.printf("chaos: read-only: %d log lines a second of three processes%n", linesASecond);
            report("read-only, then disk full", load);
        }
    }

    private static void goesOnAfter(Load load) {
        int accepted = load.accepted().size();
        Awaitility.await("accepted again")
                .atMost(Duration.ofSeconds(30))
                .until(() -> load.accepted().size() > accepted + 20);
    }

    /** Somebody else's long transaction keeps every dead row of the queue from being cleaned away. */
    @Test
    void anOldTransactionSlowsClaimsDownBoundedly() throws SQLException {
        // given
        Duration phase = Duration.ofSeconds(Chaos.figure("pinned", 60));
        try (Fleet fleet = fleet(settings())) {
            Load load = new Load(fleet, 60);
            Chaos.pass(Duration.ofSeconds(5));
            double before = completedASecond(Duration.ofSeconds(10));

            // when
            double pinned;
            String dead;
            try (Connection somebody = DriverManager.getConnection(
                            database.jdbcUrl(),
                            database.user(),
                            database.password().value());
                    Statement statement = somebody.createStatement()) {
                somebody.setAutoCommit(false);
                somebody.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                statement.execute("SELECT 1 FROM generations LIMIT 1");
                Chaos.pass(phase.minusSeconds(10));
                pinned = completedASecond(Duration.ofSeconds(10));
                dead = query("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'generation_queue'")
                        .get(0);
            }
            double after = completedASecond(Duration.ofSeconds(10));
            load.close();

            // then
            System.out.printf(
                    "chaos: pinned for %d s: %.0f completed a second before, %.0f with %s dead rows in the queue, %.0f after%n",
                    phase.toSeconds(), before, pinned, dead, after);
            load.assertAllWereAnswered();
            load.assertAllAcceptedComplete(database, Duration.ofMinutes(1));
            assertThat(pinned).isGreaterThan(before / 2);
            assertThat(after).isGreaterThan(before * 0.8);
            History.check(fleet.everyone(), database, directory.resolve("data/images"));
        }
    }

    private double completedASecond(Duration time) {
        long before = completed();
        Chaos.pass(time);
        return (completed() - before) / (double) time.toSeconds();
    }

    private long completed() {
        return Long.parseLong(query("SELECT count(*) FROM generations WHERE status = 'COMPLETE'")
                .get(0));
    }

    private static int lines(Fleet fleet) {
        return fleet.everyone().stream()
                .mapToInt(process -> process.log().size())
                .sum();
    }

    private void report(String name, Load load) {
        System.out.printf(
                "chaos: %s: %s; attempts: %s%n",
                name,
                load,
                query("SELECT count(*) || ' x ' || outcome FROM generation_attempts GROUP BY outcome ORDER BY 1"));
    }

    private List<String> query(String sql) {
        return TestPostgres.query(database, sql);
    }

    private Fleet fleet(DarkroomSettings settings) {
        return new Fleet(directory, NODES, settings.database(database).aiServer(aiServer));
    }

    private static DarkroomSettings settings() {
        return DarkroomSettings.quick()
                .with("DARKROOM_API_INSTANCES", "1")
                .with("DARKROOM_GENERATION_INSTANCES", "1")
                .with("DARKROOM_DATABASE_POOL_SIZE", "8")
                .with("DARKROOM_NODE_HEARTBEAT", "500ms")
                .with("DARKROOM_NODE_TTL", "4s")
                .with("DARKROOM_NODE_SWEEP", "500ms");
    }
}
