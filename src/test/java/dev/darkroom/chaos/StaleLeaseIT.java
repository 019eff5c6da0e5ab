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
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks results of processes that were frozen or disconnected from the database until their lease expired. */
@Tag("chaos")
@Timeout(300)
class StaleLeaseIT {
    @TempDir
    Path directory;

    @AutoClose
    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));

    private final DatabaseUrl database = TestPostgres.newDatabase();

    @AutoClose
    private final TcpProxy proxy = new TcpProxy(database.host(), database.port());

    /** SIGSTOP simulates a pause of the JVM or of the host. */
    @Test
    void rejectsResultOfFrozenProcess() {
        // given
        try (TcpProxy aiProxy = aiProxy();
                DarkroomFleet darkroomFleet =
                        new DarkroomFleet(directory, 3, timings(aiProxy).database(database))) {
            aiProxy.blackhole();
            String id = darkroomFleet.randomClient().create("A lighthouse at dusk");
            awaitTrue("called", aiProxy::isHoldingBytes);
            String owner = TestPostgres.query(database, "SELECT lease_owner FROM generation_queue")
                    .get(0);
            int place = darkroomFleet.placeOfNode(owner).orElseThrow();
            DarkroomInstanceProcess frozen = darkroomFleet.processAt(place);

            // when
            long frozenAt = System.nanoTime();
            frozen.signal("STOP");
            aiProxy.resumeForwarding();
            darkroomFleet.markGone(place);
            JsonObject ended = darkroomFleet.randomClient().awaitEnd(id, Duration.ofSeconds(30));
            ChaosParameters.waitFor(Duration.ofSeconds(40).minusNanos(System.nanoTime() - frozenAt));
            frozen.signal("CONT");

            // then
            frozen.awaitLine("lease lost, result discarded generation=" + id);
            awaitTrue("registered again", () -> DarkroomFleet.nodeIds(frozen).size() == 2);
            awaitTrue("valid node lease", () -> node(frozen).containsKey("id"));
            assertThat(node(frozen).getString("id"))
                    .isNotEqualTo(owner)
                    .isEqualTo(DarkroomFleet.nodeIds(frozen).get(1));
            assertThat(node(frozen).getLong("rejectedResults")).isEqualTo(1);
            assertThat(outcomes(ended)).containsExactly("LOST", "SUCCEEDED");
            assertThat(inProcessSimulator.recordedRequests(id)).hasSize(2);
            assertThat(frozen.client().generation(id).getJsonArray("attempts"))
                    .isEqualTo(ended.getJsonArray("attempts"));
            check(darkroomFleet.allProcesses());

            // when the process that stored the image is killed
            String storedBy = TestPostgres.query(
                            database, "SELECT node_id FROM generation_attempts WHERE outcome = 'SUCCEEDED'")
                    .get(0);
            darkroomFleet.kill(darkroomFleet.placeOfNode(storedBy).orElseThrow());

            // then the frozen process serves the image
            assertServes(frozen.client(), ended);
        }
    }

    @Test
    void disconnectedProcessAbortsCallsBeforeTakeover() {
        // given
        DarkroomInstanceSettings settings = timings();
        inProcessSimulator.script(new JsonObject().put("delay", "2m").put("times", 4));
        try (DarkroomInstanceProcess disconnected =
                start(settings.database(DarkroomFleet.throughProxy(proxy, database)))) {
            List<String> ids = IntStream.range(0, 4)
                    .mapToObj(i -> disconnected.client().create("Lighthouse on an island " + i))
                    .toList();
            awaitTrue("submitted", () -> inProcessSimulator.recordedRequests().size() == 4);
            try (DarkroomInstanceProcess other = start(settings.database(database))) {

                // when
                proxy.blackhole();

                // then
                for (String id : ids) {
                    JsonObject ended = other.client().awaitEnd(id, Duration.ofSeconds(60));
                    assertThat(outcomes(ended)).containsExactly("LOST", "SUCCEEDED");
                    List<JsonObject> calls = inProcessSimulator.recordedRequests(id);
                    assertThat(calls).hasSize(2);
                    Instant aborted = Instant.parse(calls.get(0).getString("closedAt"));
                    Instant takenOver = Instant.parse(calls.get(1).getString("at"));
                    assertThat(aborted).isBefore(takenOver);
                    System.out.printf(
                            "chaos: disconnected: call aborted %d ms before the next began%n",
                            Duration.between(aborted, takenOver).toMillis());
                }

                // when
                proxy.resumeForwarding();

                // then
                awaitTrue("registered again", () -> node(disconnected).containsKey("id"));
                assertThat(DarkroomFleet.nodeIds(disconnected)).hasSizeGreaterThan(1);
                check(List.of(disconnected, other));
            }
        }
    }

    /** The result arrives in time, and the network delays the completion until the lease has expired. */
    @Test
    void databaseRejectsLateCompletion() {
        // given
        try (TcpProxy lateAi = aiProxy();
                TcpProxy otherAi = aiProxy();
                DarkroomInstanceProcess late = start(lateSettings(lateAi))) {
            String id = startAndDelayCompletion(late, lateAi);
            otherAi.blackhole();
            try (DarkroomInstanceProcess other = start(timings(otherAi).database(database))) {
                awaitTrue("taken over", otherAi::isHoldingBytes);

                // when
                proxy.resumeForwarding();

                // then
                late.awaitLine("lease lost, result discarded generation=" + id);
                assertThat(node(late).getLong("rejectedResults")).isEqualTo(1);
                otherAi.resumeForwarding();
                assertThat(outcomes(other.client().awaitEnd(id))).containsExactly("LOST", "SUCCEEDED");
                assertThat(inProcessSimulator.recordedRequests(id)).hasSize(2);
                check(List.of(late, other));
            }
        }
    }

    /** Verifies the check itself: without the fencing token it detects the late completion. */
    @Test
    void checkDetectsLateCompletionWithoutFencing() throws IOException {
        // given
        Path broken = UnfencedServiceBuild.compile(directory.resolve("broken"));
        try (TcpProxy lateAi = aiProxy();
                TcpProxy otherAi = aiProxy();
                DarkroomInstanceProcess late = DarkroomInstanceProcess.startWithClasses(
                        broken, directory, lateSettings(lateAi).environment())) {
            String id = startAndDelayCompletion(late, lateAi);
            otherAi.blackhole();
            try (DarkroomInstanceProcess other = start(timings(otherAi).database(database))) {
                awaitTrue("taken over", otherAi::isHoldingBytes);

                // when
                proxy.resumeForwarding();

                // then
                late.awaitLine("attempt succeeded generation=" + id);
                otherAi.resumeForwarding();
                other.client().awaitEnd(id);
                List<String> violations = AttemptHistoryCheck.violations(List.of(late, other), database);
                assertThat(violations).hasSize(1).first().asString().contains(id);
                System.out.println("chaos: violation detected without fencing: " + violations.get(0));
            }
        }
    }

    /** Only the completion uses the database, so that the proxy delays nothing else. */
    private DarkroomInstanceSettings lateSettings(TcpProxy aiProxy) {
        return timings(aiProxy)
                .database(DarkroomFleet.throughProxy(proxy, database))
                .with("DARKROOM_WORKER_CONCURRENCY", "1")
                .with("DARKROOM_NODE_REAP_INTERVAL", "1m");
    }

    /** Creates a generation and blocks the database connection between its call and its completion. Returns the id. */
    private String startAndDelayCompletion(DarkroomInstanceProcess late, TcpProxy aiProxy) {
        aiProxy.blackhole();
        String id = late.client().create("A lighthouse in the fog");
        awaitTrue("called", aiProxy::isHoldingBytes);
        proxy.blackhole();
        aiProxy.resumeForwarding();
        awaitTrue("responded", () -> inProcessSimulator.recordedRequests(id).size() == 1);
        return id;
    }

    private TcpProxy aiProxy() {
        return new TcpProxy("127.0.0.1", inProcessSimulator.port());
    }

    private DarkroomInstanceSettings timings(TcpProxy aiProxy) {
        return timings().with("DARKROOM_BACKEND_URL", "http://127.0.0.1:" + aiProxy.port() + "/v1");
    }

    private static void assertServes(ApiClient client, JsonObject ended) {
        String path = URI.create(ended.getJsonArray("imageUrls").getString(0)).getPath();
        ApiClient.ApiResponse image = client.get(path);
        assertThat(image.status()).isEqualTo(200);
        assertThat(image.header("Content-Type")).isEqualTo("image/png");
        assertThat(image.body()).startsWith(0x89, 'P', 'N', 'G');
    }

    private void check(List<DarkroomInstanceProcess> processes) {
        AttemptHistoryCheck.assertNoViolations(processes, database, directory.resolve("data/images"));
    }

    private static JsonObject node(DarkroomInstanceProcess process) {
        return new ApiClient(process.management()).get("/node").json();
    }

    private static List<String> outcomes(JsonObject generation) {
        return generation.getJsonArray("attempts").stream()
                .map(attempt -> ((JsonObject) attempt).getString("outcome"))
                .toList();
    }

    private static void awaitTrue(String alias, Callable<Boolean> condition) {
        Awaitility.await(alias).atMost(Duration.ofMinutes(2)).until(condition);
    }

    private DarkroomInstanceProcess start(DarkroomInstanceSettings settings) {
        return DarkroomInstanceProcess.start(directory, settings.environment());
    }

    /** Settings with the default lease timings. */
    private DarkroomInstanceSettings timings() {
        return DarkroomInstanceSettings.forTests()
                .defaultDatabaseConnectTimeout()
                .aiServer(inProcessSimulator)
                .smallProcess()
                .with("DARKROOM_NODE_REAP_INTERVAL", "5s");
    }
}
