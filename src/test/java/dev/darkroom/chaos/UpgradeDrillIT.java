package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.WebhookReceiver;
import dev.darkroom.testing.WebhookReceiver.ReceivedRequest;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Upgrades two processes on one database one after the other, from an earlier build to this one, back, and on to two later versions that
 * rename a column. Clients, event streams and a webhook are in use the whole time.
 */
@Tag("upgrade")
@Timeout(1_800)
class UpgradeDrillIT {
    private static final String OLD_JAR = "darkroom.oldJar";
    private static final int PROCESSES = 2;
    private static final int USERS = 20;
    private static final int CLIENTS = 8;
    private static final String HOOK = "/hook";

    /** Number of generations that the clients see complete in each phase. */
    private static final int GENERATIONS_PER_PHASE = 100;

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.newDatabase();
    private final Instant begin = Instant.now();
    private Path oldJar;
    private DarkroomFleet fleet;
    private RetryingClients clients;
    private SubmissionCounter submissions;

    @BeforeEach
    void requireOldJar() {
        String jar = System.getProperty(OLD_JAR, "");
        assertThat(jar).as("-D%s: the jar of the earlier build", OLD_JAR).isNotEmpty();
        oldJar = Path.of(jar).toAbsolutePath();
        assertThat(oldJar).as("-D" + OLD_JAR).exists();
    }

    @Test
    void losesNothingWhileProcessesAreReplaced() throws Exception {
        // given
        List<String> oldBuild = DarkroomInstanceProcess.programOfJar(oldJar);
        List<String> thisBuild = DarkroomInstanceProcess.programOfJar(DarkroomInstanceProcess.jar());
        List<String> expandingBuild = RenamedColumnBuild.expanding(directory);
        List<String> contractingBuild = RenamedColumnBuild.contracting(directory);
        Files.createDirectories(directory.resolve("data"));
        try (InProcessSimulator simulator = new InProcessSimulator(Duration.ofMillis(100));
                WebhookReceiver receiver = new WebhookReceiver();
                DarkroomFleet started = new DarkroomFleet(
                        oldBuild,
                        directory,
                        PROCESSES,
                        place -> settings()
                                .database(database)
                                .aiServer(simulator)
                                .environment())) {
            fleet = started;
            submissions = new SubmissionCounter(simulator);
            List<String> keys = TestApiKeys.create(
                    database,
                    IntStream.range(0, USERS).mapToObj(i -> "user-" + i).toList());
            String webhook = createWebhook(keys.get(0), receiver.url(HOOK));
            try (ReconnectingStreamClients streams = new ReconnectingStreamClients(
                            () -> fleet.processAt(0).isAlive() ? port(0) : port(1), keys, new Random(1));
                    RetryingClients load = new RetryingClients(fleet, keys, CLIENTS)) {
                clients = load;
                Awaitility.await("open streams").atMost(Duration.ofMinutes(1)).until(() -> streams.live() == USERS);
                awaitWork("two old processes");

                // when
                replace(0, thisBuild, "old and new");
                replace(0, oldBuild, "rolled back: an old process starts on the new tables");
                reportLine("newer than the latest available migration");
                replace(0, thisBuild, "old and new again");
                replace(1, thisBuild, "two new processes");
                replace(0, expandingBuild, "new and " + RenamedColumnBuild.EXPANDING_VERSION);
                assertContractWaits(contractingBuild);
                replace(1, expandingBuild, "two " + RenamedColumnBuild.EXPANDING_VERSION);
                replace(0, contractingBuild, "0.2.0 and " + RenamedColumnBuild.CONTRACTING_VERSION);
                replace(1, contractingBuild, "two " + RenamedColumnBuild.CONTRACTING_VERSION);
                assertVersionIsRefused(thisBuild);
                load.close();

                // then
                report("all clients have ended");
                load.assertNoViolations();
                assertEndsAreComplete();
                streams.awaitAllNotifications(database);
                report("streams: " + streams);
                assertDeliveriesAreComplete(receiver, webhook);
            }
            AttemptHistoryCheck.assertNoViolations(fleet.allProcesses(), database, directory.resolve("data/images"));
            submissions.recordArrivals();
            report(submissions.toString());
            assertThat(submissions.count())
                    .as("AI calls")
                    .isEqualTo(clients.acceptedIds().size());
            for (DarkroomInstanceProcess process : fleet.allProcesses()) {
                assertThat(process.log()).noneMatch(line -> line.contains(" ERROR ") || line.startsWith("\tat "));
            }
        }
    }

    /** Stops a process with SIGTERM and starts another build in its place, while the other process and all clients go on. */
    private void replace(int place, List<String> build, String phase) {
        submissions.recordArrivals();
        // The process stays among those that clients choose, as with a balancer that has not noticed the drain.
        assertThat(fleet.processAt(place).stop()).as("exit code").isZero();
        fleet.markGone(place);
        fleet.setProgram(build);
        fleet.launch(place);
        fleet.awaitReady(place);
        awaitWork(phase);
    }

    private void awaitWork(String phase) {
        int before = clients.completedCount();
        Awaitility.await(phase)
                .atMost(Duration.ofMinutes(3))
                .until(() -> clients.completedCount() >= before + GENERATIONS_PER_PHASE);
        report(phase + ": nodes "
                + query("SELECT string_agg(version, ' ' ORDER BY started_at) FROM nodes WHERE expires_at > now()")
                + ", newest migration "
                + query("SELECT max(installed_rank) || ' (V' || max(version::int) || ')' FROM flyway_schema_history"));
    }

    /** Checks that the contracting build does not start while processes run that use the old column. */
    private void assertContractWaits(List<String> contractingBuild) {
        DarkroomInstanceProcess refused = launch(contractingBuild);
        assertThat(refused.awaitExit()).isEqualTo(1);
        assertThat(refused.errors())
                .hasSize(1)
                .first()
                .asString()
                .endsWith("first upgrade all processes to version 0.2.0");
        report("0.3.0 does not start: " + refused.errors().get(0));
    }

    private void assertVersionIsRefused(List<String> build) {
        DarkroomInstanceProcess refused = launch(build);
        assertThat(refused.awaitExit()).isEqualTo(1);
        assertThat(refused.errors()).hasSize(1).first().asString().contains("need Darkroom 0.2.0 or newer");
        report("this build does not start: " + refused.errors().get(0));
    }

    private DarkroomInstanceProcess launch(List<String> build) {
        return DarkroomInstanceProcess.launchProgram(
                build, directory, settings().database(database).environment(), List.of());
    }

    private String createWebhook(String key, String url) {
        ApiResponse created = fleet.client(0)
                .withKey(key)
                .send(
                        "POST",
                        "/api/webhooks",
                        Map.of("Content-Type", "application/json"),
                        new JsonObject().put("url", url).encode().getBytes(StandardCharsets.UTF_8));
        assertThat(created.status()).as(created.text()).isEqualTo(201);
        return created.json().getString("id");
    }

    private int port(int place) {
        ApiClient client = fleet.client(place);
        return client == null
                ? fleet.randomClient().base().getPort()
                : client.base().getPort();
    }

    /** Checks that each idempotency key has made one generation, which is complete. */
    private void assertEndsAreComplete() {
        assertThat(query("SELECT string_agg(DISTINCT status, ' ') FROM generations"))
                .isEqualTo("COMPLETE");
        assertThat(query("SELECT count(*) FROM generations"))
                .isEqualTo(String.valueOf(clients.acceptedIds().size()));
        assertThat(TestPostgres.query(database, "SELECT id FROM generations"))
                .containsExactlyInAnyOrderElementsOf(clients.acceptedIds());
        assertThat(query("SELECT count(*) FROM generation_queue")).isEqualTo("0");
        report("attempts: "
                + query("SELECT string_agg(line, ', ') FROM (SELECT count(*) || ' ' || outcome AS line"
                        + " FROM generation_attempts GROUP BY outcome ORDER BY 1) o"));
    }

    private void assertDeliveriesAreComplete(WebhookReceiver receiver, String webhook) {
        Awaitility.await("all deliveries ended")
                .atMost(Duration.ofMinutes(1))
                .until(() -> query("SELECT count(*) FROM webhook_queue").equals("0"));
        List<String> received = receiver.receivedRequests(HOOK).stream()
                .map(ReceivedRequest::id)
                .toList();
        long generations = Long.parseLong(query("SELECT count(*) FROM generations WHERE user_id = 'user-0'"));
        assertThat(received.stream().distinct().count()).as("messages").isEqualTo(generations);
        report("webhook " + webhook + ": " + received.size() + " deliveries of " + generations + " messages");
    }

    private String query(String sql) {
        return TestPostgres.query(database, sql).get(0);
    }

    /** Reports the first line with a text in the log of the process at place 0. */
    private void reportLine(String text) {
        report(fleet.processAt(0).awaitLine(text));
    }

    private void report(String line) {
        System.out.printf(
                "upgrade drill: %5.1f s  %s%n                        %s%n",
                Duration.between(begin, Instant.now()).toMillis() / 1_000.0, line, clients);
    }

    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .smallProcess()
                .with("DARKROOM_AUTH", "required")
                .with("DARKROOM_CONNECTIONS_PER_ADDRESS", "0")
                .with("DARKROOM_STREAMS_CONNECTS_PER_SECOND_PER_ADDRESS", "0")
                .webhooksOnLoopback()
                .with("DARKROOM_SHUTDOWN_GRACE_PERIOD", "20s");
    }
}
