package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ClusterClient;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.LoadGenerator;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.WebhookReceiver;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Two nodes in one event-bus cluster, each with a process for the API and one or more instances of every other role. Kills all processes
 * of one node at once with {@code kill -9}, under load over HTTP and over the event bus, and starts them again. No generation and no
 * delivery is lost, stuck or recorded twice.
 */
@Tag("chaos")
@Timeout(3_600)
class NodeKillIT {
    private static final int NODES = 2;
    private static final String COUNT = "SELECT count(*) FROM ";

    @TempDir
    Path directory;

    /**
     * @param instances of the verticles of the role {@code api} in its process, and of each other role
     * @param processes roles of the other processes of a node, which are started {@code instances} times
     */
    @ParameterizedTest(name = "{0} instances")
    @CsvSource({"1, worker notifier", "2, worker notifier", "4, 'worker,notifier'"})
    void losesNothingWhenANodeIsKilled(int instances, String processes) throws Exception {
        // given
        List<String> roles = IntStream.range(0, instances)
                .boxed()
                .flatMap(i -> List.of(processes.split(" ")).stream())
                .toList();
        int perNode = 1 + roles.size();
        List<Integer> clusterPorts = IntStream.range(0, NODES * perNode)
                .mapToObj(place -> FreePort.find())
                .toList();
        DatabaseUrl database = TestPostgres.newDatabase();
        Path images = directory.resolve("data/images");
        Random random = ChaosParameters.seededRandom("nodes, " + instances + " instances");
        Map<String, Instant> killedAt = new HashMap<>();
        try (InProcessSimulator aiServer = new InProcessSimulator(Duration.ofMillis(10));
                WebhookReceiver receiver = new WebhookReceiver();
                DarkroomFleet fleet = new DarkroomFleet(
                        directory,
                        NODES * perNode,
                        place -> settings(database, aiServer, images, instances)
                                .with(
                                        "DARKROOM_NODE_ROLES",
                                        place % perNode == 0 ? "api" : roles.get(place % perNode - 1))
                                .with("DARKROOM_CLUSTER_PORT", String.valueOf(clusterPorts.get(place)))
                                .with(
                                        "DARKROOM_CLUSTER_MEMBERS",
                                        "127.0.0.1:" + clusterPorts.get(0) + ",127.0.0.1:" + clusterPorts.get(perNode))
                                .environment())) {
            aiServer.script(ChaosParameters.unreliableAiServerScript(random, 5));
            createWebhook(fleet.client(0), receiver.url("/hook"));
            Instant begin = Instant.now();
            LoadGenerator http = new LoadGenerator(fleet, ChaosParameters.sizeProperty("postsPerSecond", 10));
            int kills = ChaosParameters.sizeProperty("nodeKills", 6);
            BusLoad bus;
            int created;
            try (ClusterClient client = ClusterClient.join(clusterPorts.get(0), clusterPorts.get(perNode))) {
                Awaitility.await("one cluster")
                        .atMost(Duration.ofMinutes(2))
                        .until(() -> client.members() == fleet.size() + 1);
                bus = new BusLoad(client);

                // when
                for (int kill = 0; kill < kills; kill++) {
                    ChaosParameters.waitFor(Duration.ofMillis(2_000 + random.nextInt(4_000)));
                    killAndRestart(fleet, random.nextInt(NODES) * perNode, perNode, killedAt);
                }
                created = bus.stop();
            }
            http.close();
            Duration took = Duration.between(begin, Instant.now());

            // then
            http.assertStatusesExpected();
            http.assertAllAcceptedEnded(database, Duration.ofMinutes(3), Set.of("COMPLETE", "FAILED"));
            awaitDeliveries(database);
            AttemptHistoryCheck.assertNoViolations(fleet.allProcesses(), database, images);
            Duration recovery = ProcessKillScenario.longestRecovery(database, killedAt);
            System.out.printf(
                    "chaos: %d processes with %d instances on 2 nodes: %d kills of a node in %d s; %s; by event bus: %s; ended: %s; attempts: %s;"
                            + " deliveries: %s, received %d; longest recovery %d ms%n",
                    fleet.size(),
                    instances,
                    kills,
                    took.toSeconds(),
                    http,
                    bus,
                    ProcessKillScenario.counts(database, "status", "generations"),
                    ProcessKillScenario.counts(database, "outcome", "generation_attempts"),
                    ProcessKillScenario.counts(database, "status", "webhook_deliveries"),
                    receiver.receivedRequests("/hook").size(),
                    recovery.toMillis());
            assertThat(count(database, "generations WHERE user_id = 'bus'"))
                    .as("one generation per command, repeated ones included")
                    .isEqualTo(created);
            assertThat(TestPostgres.query(database, "SELECT DISTINCT status FROM webhook_deliveries"))
                    .containsExactly("DELIVERED");
            assertThat(count(database, "webhook_deliveries"))
                    .as("one delivery per generation after the webhook was created")
                    .isEqualTo(count(database, "generations WHERE user_id = 'local'"));
            assertThat(TestPostgres.query(
                            database, "SELECT DISTINCT error_code FROM generations WHERE status = 'FAILED'"))
                    .isSubsetOf("ATTEMPTS_EXHAUSTED", "ATTEMPTS_LOST");
            assertRolesSpread(fleet, database, perNode);
        }
    }

    private static DarkroomInstanceSettings settings(
            DatabaseUrl database, InProcessSimulator aiServer, Path images, int instances) {
        return DarkroomInstanceSettings.forTests()
                .with(DarkroomInstanceSettings.imageDirectory(images))
                .database(database)
                .aiServer(aiServer)
                .with("DARKROOM_API_INSTANCES", String.valueOf(instances))
                .with("DARKROOM_GENERATION_INSTANCES", String.valueOf(instances))
                .with("DARKROOM_DATABASE_POOL_SIZE", "5")
                .with("DARKROOM_NODE_REAP_INTERVAL", "5s")
                .with("DARKROOM_CLUSTER_ENABLED", "true")
                .with("DARKROOM_CLUSTER_BUS_PORT", "0")
                .with("DARKROOM_WEBHOOKS_RETRY_DELAYS", String.join(",", Collections.nCopies(10, "1s")))
                .webhooksOnLoopback();
    }

    private static void createWebhook(ApiClient client, String url) {
        byte[] body = new JsonObject().put("url", url).toBuffer().getBytes();
        assertThat(client.send("POST", "/api/webhooks", Map.of("Content-Type", "application/json"), body)
                        .status())
                .isEqualTo(201);
    }

    /** Kills all processes of a node, waits a moment, starts them again and waits until they are ready. */
    private static void killAndRestart(DarkroomFleet fleet, int first, int perNode, Map<String, Instant> killedAt) {
        Instant now = Instant.now();
        List<Integer> places = IntStream.range(first, first + perNode).boxed().toList();
        places.parallelStream().forEach(fleet::kill);
        places.forEach(place ->
                DarkroomFleet.nodeIds(fleet.processAt(place)).forEach(identity -> killedAt.put(identity, now)));
        places.forEach(fleet::launch);
        places.forEach(fleet::awaitReady);
    }

    private static void awaitDeliveries(DatabaseUrl database) {
        Awaitility.await("deliveries")
                .atMost(Duration.ofMinutes(5))
                .pollInterval(Duration.ofSeconds(1))
                .until(() -> count(database, "webhook_queue") == 0);
    }

    /** Every attempt was made by a worker, every delivery by a notifier, and each kind by processes of both nodes. */
    private static void assertRolesSpread(DarkroomFleet fleet, DatabaseUrl database, int perNode) {
        for (Map.Entry<String, String> table : Map.of("worker", "generation_attempts", "notifier", "webhook_attempts")
                .entrySet()) {
            List<String> used = TestPostgres.query(database, "SELECT DISTINCT node_id FROM " + table.getValue());
            List<DarkroomInstanceProcess> processes = fleet.allProcesses().stream()
                    .filter(process -> DarkroomFleet.nodeIds(process).stream().anyMatch(used::contains))
                    .toList();
            assertThat(processes)
                    .as(table.getKey())
                    .allSatisfy(process -> assertThat(process.log())
                            .anyMatch(line -> line.startsWith("  Roles ") && line.contains(table.getKey())));
            assertThat(IntStream.range(0, fleet.size())
                            .filter(place -> processes.contains(fleet.processAt(place)))
                            .map(place -> place / perNode)
                            .distinct()
                            .count())
                    .as(table.getValue() + " of both nodes")
                    .isEqualTo(NODES);
        }
    }

    private static int count(DatabaseUrl database, String table) {
        return Integer.parseInt(TestPostgres.query(database, COUNT + table).get(0));
    }
}
