package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Processes that are frozen, cut off or gone while they work, and what becomes of what they still want to say. */
@Tag("chaos")
@Timeout(300)
class StaleLeaseIT {
    @TempDir
    Path directory;

    private InProcessSimulator inProcessSimulator;
    private DatabaseUrl database;
    private TcpProxy proxy;

    @BeforeEach
    void start() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        database = TestPostgres.newDatabase();
        proxy = new TcpProxy(database.host(), database.port());
    }

    @AfterEach
    void stop() {
        proxy.close();
        inProcessSimulator.close();
    }

    /** As in a pause of the virtual machine or of the whole host. */
    @Test
    void theResultOfAFrozenProcessIsRefusedAndItTakesANewIdentity() {
        // given
        inProcessSimulator.script(delay("1s"));
        try (DarkroomFleet darkroomFleet =
                new DarkroomFleet(directory, 3, timings().database(database))) {
            String id = darkroomFleet.randomClient().create("A lighthouse for somebody who falls asleep");
            awaitTrue("asked", () -> !inProcessSimulator.recordedRequests(id).isEmpty());
            String owner = TestPostgres.query(database, "SELECT lease_owner FROM generation_queue")
                    .get(0);
            int place = darkroomFleet.placeOfNode(owner).orElseThrow();
            DarkroomInstanceProcess frozen = darkroomFleet.processAt(place);

            // when
            long frozenAt = System.nanoTime();
            frozen.signal("STOP");
            darkroomFleet.markGone(place);
            JsonObject ended = darkroomFleet.randomClient().awaitEnd(id, Duration.ofSeconds(30));
            ChaosParameters.waitFor(Duration.ofSeconds(40).minusNanos(System.nanoTime() - frozenAt));
            frozen.signal("CONT");

            // then
            frozen.awaitLine("lease lost, result discarded generation=" + id);
            awaitTrue("a new identity", () -> DarkroomFleet.nodeIds(frozen).size() == 2);
            awaitTrue("trusted again", () -> node(frozen).containsKey("id"));
            assertThat(node(frozen).getString("id"))
                    .isNotEqualTo(owner)
                    .isEqualTo(DarkroomFleet.nodeIds(frozen).get(1));
            assertThat(node(frozen).getLong("refusedResults")).isEqualTo(1);
            assertThat(outcomes(ended)).containsExactly("LOST", "SUCCEEDED");
            assertThat(inProcessSimulator.recordedRequests(id)).hasSize(2);
            assertThat(frozen.client().generation(id).getJsonArray("attempts"))
                    .isEqualTo(ended.getJsonArray("attempts"));
            check(darkroomFleet.allProcesses());

            // when the maker of its picture is gone
            String maker = TestPostgres.query(
                            database, "SELECT node_id FROM generation_attempts WHERE outcome = 'SUCCEEDED'")
                    .get(0);
            darkroomFleet.kill(darkroomFleet.placeOfNode(maker).orElseThrow());

            // then it serves that too
            assertServes(frozen.client(), ended);
        }
    }

    @Test
    void aProcessCutOffFromTheDatabaseBreaksItsCallsOffBeforeAnotherMayBegin() {
        // given
        DarkroomInstanceSettings settings = timings();
        inProcessSimulator.script(delay("2m").put("times", 4));
        try (DarkroomInstanceProcess cutOff = start(settings.database(DarkroomFleet.throughProxy(proxy, database)))) {
            List<String> ids = IntStream.range(0, 4)
                    .mapToObj(i -> cutOff.client().create("Lighthouse on an island " + i))
                    .toList();
            awaitTrue("asked", () -> inProcessSimulator.recordedRequests().size() == 4);
            try (DarkroomInstanceProcess other = start(settings.database(database))) {

                // when
                proxy.blackhole();

                // then
                for (String id : ids) {
                    JsonObject ended = other.client().awaitEnd(id, Duration.ofSeconds(60));
                    assertThat(outcomes(ended)).containsExactly("LOST", "SUCCEEDED");
                    List<JsonObject> calls = inProcessSimulator.recordedRequests(id);
                    assertThat(calls).hasSize(2);
                    Instant brokenOff = Instant.parse(calls.get(0).getString("closedAt"));
                    Instant takenOver = Instant.parse(calls.get(1).getString("at"));
                    assertThat(brokenOff).isBefore(takenOver);
                    System.out.printf(
                            "chaos: cut off: call broken off %d ms before the next began%n",
                            Duration.between(brokenOff, takenOver).toMillis());
                }

                // when
                proxy.resumeForwarding();

                // then
                awaitTrue("a new identity", () -> node(cutOff).containsKey("id"));
                assertThat(DarkroomFleet.nodeIds(cutOff)).hasSizeGreaterThan(1);
                check(List.of(cutOff, other));
            }
        }
    }

    /** It had its result in time, and its completion got stuck on the way to the database. */
    @Test
    void aCompletionThatArrivesTooLateIsRefusedByTheDatabase() {
        // given
        try (DarkroomInstanceProcess late = start(lateSettings())) {
            String id = getsStuckCompleting(late);
            try (DarkroomInstanceProcess other = start(timings().database(database))) {
                awaitTrue(
                        "taken over",
                        () -> inProcessSimulator.recordedRequests(id).size() == 2);

                // when
                proxy.resumeForwarding();

                // then
                late.awaitLine("lease lost, result discarded generation=" + id);
                assertThat(node(late).getLong("refusedResults")).isEqualTo(1);
                assertThat(outcomes(other.client().awaitEnd(id))).containsExactly("LOST", "SUCCEEDED");
                check(List.of(late, other));
            }
        }
    }

    /** The test of the tests: without the fence the same is noticed. */
    @Test
    void withoutTheTokenTheLateCompletionIsTakenAndTheChecksNotice() throws IOException {
        // given
        Path broken = UnfencedServiceBuild.compile(directory.resolve("broken"));
        try (DarkroomInstanceProcess late = DarkroomInstanceProcess.startWithClasses(
                broken, directory, lateSettings().environment())) {
            String id = getsStuckCompleting(late);
            try (DarkroomInstanceProcess other = start(timings().database(database))) {
                awaitTrue(
                        "taken over",
                        () -> inProcessSimulator.recordedRequests(id).size() == 2);

                // when
                proxy.resumeForwarding();

                // then
                late.awaitLine("attempt succeeded generation=" + id);
                other.client().awaitEnd(id);
                List<String> violations = AttemptHistoryCheck.violations(List.of(late, other), database);
                assertThat(violations).hasSize(1).first().asString().contains(id);
                System.out.println("chaos: the broken variant is caught: " + violations.get(0));
            }
        }
    }

    /** Nothing but the completion shall want a connection, so that it is the completion that gets stuck. */
    private DarkroomInstanceSettings lateSettings() {
        return timings()
                .database(DarkroomFleet.throughProxy(proxy, database))
                .with("DARKROOM_WORKER_CONCURRENCY", "1")
                .with("DARKROOM_NODE_REAP_INTERVAL", "1m");
    }

    /** It has its pictures, and its completion on the way to a database that has fallen silent. */
    private String getsStuckCompleting(DarkroomInstanceProcess late) {
        inProcessSimulator.script(delay("500ms"), delay("4s"));
        String id = late.client().create("A lighthouse in the fog");
        awaitTrue("asked", () -> !inProcessSimulator.recordedRequests(id).isEmpty());
        proxy.blackhole();
        return id;
    }

    private static void assertServes(ApiClient client, JsonObject ended) {
        String path = URI.create(ended.getJsonArray("imageUrls").getString(0)).getPath();
        ApiClient.ApiResponse picture = client.get(path);
        assertThat(picture.status()).isEqualTo(200);
        assertThat(picture.header("Content-Type")).isEqualTo("image/png");
        assertThat(picture.body()).startsWith(0x89, 'P', 'N', 'G');
    }

    private void check(List<DarkroomInstanceProcess> processes) {
        AttemptHistoryCheck.assertNoViolations(processes, database, directory.resolve("data/images"));
    }

    private static JsonObject delay(String delay) {
        return new JsonObject().put("delay", delay);
    }

    private static JsonObject node(DarkroomInstanceProcess process) {
        return new ApiClient(process.management()).get("/node").json();
    }

    private static List<String> outcomes(JsonObject generation) {
        return generation.getJsonArray("attempts").stream()
                .map(attempt -> ((JsonObject) attempt).getString("outcome"))
                .toList();
    }

    private static void awaitTrue(String what, Callable<Boolean> condition) {
        Awaitility.await(what).atMost(Duration.ofSeconds(60)).until(condition);
    }

    private DarkroomInstanceProcess start(DarkroomInstanceSettings settings) {
        return DarkroomInstanceProcess.start(directory, settings.environment());
    }

    /** The lease settings are the product's defaults. */
    private DarkroomInstanceSettings timings() {
        return DarkroomInstanceSettings.forTests()
                .aiServer(inProcessSimulator)
                .with("DARKROOM_API_INSTANCES", "1")
                .with("DARKROOM_GENERATION_INSTANCES", "1")
                .with("DARKROOM_DATABASE_POOL_SIZE", "8")
                .with("DARKROOM_NODE_REAP_INTERVAL", "5s");
    }
}
