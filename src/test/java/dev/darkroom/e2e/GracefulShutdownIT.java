package dev.darkroom.e2e;

import static dev.darkroom.testing.DarkroomInstanceProcess.SHARED_BINARIES;
import static dev.darkroom.testing.TestPostgres.query;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.database.embedded.EmbeddedDatabase;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Graceful shutdown of the jar after SIGTERM and Ctrl-C. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class GracefulShutdownIT {
    private static final JsonObject HANG = new JsonObject().put("hang", true);

    @TempDir
    Path directory;

    @AutoClose
    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));

    private final DatabaseUrl database = TestPostgres.migratedDatabase();

    @Test
    void completesAttemptWithinGraceAndStopsStepsInOrder() {
        // given
        inProcessSimulator.script(new JsonObject().put("delay", "1s"));
        try (DarkroomInstanceProcess darkroom = start(withExternalDatabase("20s"))) {
            String id = createRunning(darkroom.client());

            // when
            int exitCode = darkroom.stop();

            // then
            assertThat(exitCode).isZero();
            assertThat(query(database, "SELECT status FROM generations")).containsExactly("COMPLETE");
            assertThat(query(database, "SELECT outcome FROM generation_attempts"))
                    .containsExactly("SUCCEEDED");
            assertThat(inProcessSimulator.recordedRequests(id)).hasSize(1);
            assertThat(query(database, "SELECT count(*) FROM nodes")).containsExactly("0");
            assertThat(stoppedSteps(darkroom))
                    .containsExactly(
                            "readiness",
                            "api",
                            "worker",
                            "input image client",
                            "fleet",
                            "backend executor",
                            "webhook sender",
                            "generation",
                            "upload",
                            "progress subscribers",
                            "completion waiters",
                            "webhook",
                            "notification",
                            "periodic tasks",
                            "user erasure",
                            "lease reaper",
                            "node",
                            "management",
                            "webhook client",
                            "notification hub",
                            "image store",
                            "backend",
                            "notify channel",
                            "database pools",
                            "event loop monitor",
                            "vertx",
                            "metrics");
            assertNoErrors(darkroom);
        }
    }

    /** While the process waits for attempts it is alive but not ready. Further signals have no effect. */
    @Test
    void requeuesHangingAttemptUncountedAndNextStartCompletesIt() throws Exception {
        // given
        inProcessSimulator.script(HANG);
        String id;
        try (DarkroomInstanceProcess darkroom = start(withExternalDatabase("10s"))) {
            id = createRunning(darkroom.client());
            assertThat(health(darkroom, "ready")).isEqualTo(200);

            // when
            darkroom.signal("TERM");
            darkroom.awaitLine("waiting for running attempts");

            // then
            assertThat(health(darkroom, "ready")).isEqualTo(503);
            assertThat(health(darkroom, "live")).isEqualTo(200);

            // when
            darkroom.signal("INT");
            darkroom.signal("TERM");

            // then
            assertThat(darkroom.awaitExit()).isZero();
            assertInterruptedOnce();
            assertNoErrors(darkroom);
        }
        try (DarkroomInstanceProcess next = start(withExternalDatabase("10s"))) {
            JsonObject ended = next.client().awaitEnd(id);
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(ended.getInteger("failedAttempts")).isEqualTo(1);
            assertThat(inProcessSimulator.recordedRequests(id)).hasSize(2);
            DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
        }
    }

    @Test
    void ctrlCDuringCallLosesNothingAndStopsEmbeddedDatabaseLast() {
        // given
        inProcessSimulator.script(HANG);
        DarkroomInstanceSettings embedded = DarkroomInstanceSettings.forTests()
                .aiServer(inProcessSimulator)
                .with("DARKROOM_SHUTDOWN_GRACE_PERIOD", "1s");
        String id;
        try (DarkroomInstanceProcess darkroom = startProcessGroup(embedded).awaitReady()) {
            id = createRunning(darkroom.client());

            // when
            darkroom.signalGroup("INT");

            // then
            assertThat(darkroom.awaitExit()).isZero();
            assertThat(stoppedSteps(darkroom)).endsWith("vertx", "metrics", "embedded database");
            assertThat(EmbeddedDatabase.findRunning(directory.resolve("data"))).isEmpty();
            assertNoErrors(darkroom);
        }
        try (DarkroomInstanceProcess next = start(embedded)) {
            JsonObject ended = next.client().awaitEnd(id);
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            JsonObject firstAttempt = ended.getJsonArray("attempts").getJsonObject(0);
            assertThat(firstAttempt.getString("outcome")).isEqualTo("INTERRUPTED");
            assertThat(firstAttempt.getBoolean("counted")).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"embedded database creation started", "embedded database started"})
    void ctrlCDuringStartupLeavesNoProcessRunning(String message) {
        // given
        DarkroomInstanceProcess darkroom = startProcessGroup(DarkroomInstanceSettings.forTests());
        darkroom.awaitLine(message);

        // when
        darkroom.signalGroup("INT");

        // then
        assertThat(darkroom.awaitExit()).isZero();
        assertThat(darkroom.errors()).isEmpty();
        assertThat(EmbeddedDatabase.findRunning(directory.resolve("data"))).isEmpty();
    }

    @Test
    void completesInFlightRequest() throws Exception {
        try (DarkroomInstanceProcess darkroom = start(withExternalDatabase("20s"));
                Connection blocker = DriverManager.getConnection(
                        database.jdbcUrl(), database.user(), database.password().value());
                Statement statement = blocker.createStatement()) {
            // given
            blocker.setAutoCommit(false);
            statement.execute("LOCK TABLE generations IN ACCESS EXCLUSIVE MODE");
            ApiClient client = darkroom.client();
            CompletableFuture<String> created = CompletableFuture.supplyAsync(() -> client.create("in flight"));
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> !query(
                                    database,
                                    "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                                            + " AND datname = current_database()"
                                            + " AND query LIKE 'WITH given AS MATERIALIZED%'")
                            .isEmpty());

            // when
            darkroom.signal("TERM");
            darkroom.awaitLine("stop step completed step=readiness");
            blocker.rollback();

            // then
            String id = created.get(60, TimeUnit.SECONDS);
            assertThat(darkroom.awaitExit()).isZero();
            assertThat(query(database, "SELECT id FROM generations")).containsExactly(id);
            assertNoErrors(darkroom);
        }
    }

    /** Creates a generation and waits until the AI server has received it. */
    private String createRunning(ApiClient client) {
        String id = client.create("A lighthouse at dusk");
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> !inProcessSimulator.recordedRequests(id).isEmpty());
        return id;
    }

    private void assertInterruptedOnce() {
        assertThat(query(database, "SELECT status || failed_attempts FROM generations"))
                .containsExactly("PENDING1");
        assertThat(query(database, "SELECT outcome || ' ' || counted FROM generation_attempts"))
                .containsExactly("INTERRUPTED false");
        assertThat(query(
                        database,
                        "SELECT counted_failures FROM generation_queue WHERE lease_owner IS NULL AND run_at <= now()"))
                .containsExactly("0");
    }

    private static List<String> stoppedSteps(DarkroomInstanceProcess darkroom) {
        return darkroom.log().stream()
                .filter(line -> line.contains(" stop step completed step="))
                .map(line -> line.substring(line.indexOf("step=") + 5))
                .toList();
    }

    private static void assertNoErrors(DarkroomInstanceProcess darkroom) {
        assertThat(darkroom.errors()).isEmpty();
        assertThat(darkroom.log()).noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "));
    }

    private static int health(DarkroomInstanceProcess darkroom, String kind) throws Exception {
        HttpRequest request = HttpRequest.newBuilder(darkroom.management().resolve("/health/" + kind))
                .timeout(Duration.ofSeconds(30))
                .build();
        return HttpClient.newHttpClient()
                .send(request, BodyHandlers.discarding())
                .statusCode();
    }

    private DarkroomInstanceSettings withExternalDatabase(String grace) {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(inProcessSimulator)
                .with("DARKROOM_SHUTDOWN_GRACE_PERIOD", grace);
    }

    private DarkroomInstanceProcess start(DarkroomInstanceSettings settings) {
        return DarkroomInstanceProcess.start(directory, settings.environment(), SHARED_BINARIES);
    }

    private DarkroomInstanceProcess startProcessGroup(DarkroomInstanceSettings settings) {
        return DarkroomInstanceProcess.launchProcessGroup(directory, settings.environment(), List.of(SHARED_BINARIES));
    }
}
