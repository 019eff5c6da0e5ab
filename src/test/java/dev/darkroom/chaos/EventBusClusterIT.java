package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ClusterClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs two services and an event-bus client in one cluster. Unless a test says otherwise, only the second service has an API,
 * generation verticles and a worker, and the client joins through the first.
 */
@Tag("chaos")
@Timeout(120)
class EventBusClusterIT {
    @TempDir
    Path directory;

    private final int firstPort = FreePort.find();
    private final int secondPort = FreePort.find();
    private DatabaseUrl database;
    private InProcessSimulator inProcessSimulator;
    private DarkroomInstanceProcess first;
    private DarkroomInstanceProcess second;

    @BeforeEach
    void start() {
        database = TestPostgres.newDatabase();
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(50));
    }

    @AfterEach
    void stop() {
        for (DarkroomInstanceProcess process : new DarkroomInstanceProcess[] {first, second}) {
            if (process != null) {
                process.kill();
            }
        }
        inProcessSimulator.close();
    }

    private DarkroomInstanceSettings settings(int port) {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(inProcessSimulator)
                .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString())
                .with("DARKROOM_CLUSTER_ENABLED", "true")
                .with("DARKROOM_CLUSTER_PORT", String.valueOf(port))
                .with("DARKROOM_CLUSTER_BUS_PORT", "0");
    }

    private DarkroomInstanceSettings memberOnlySettings(int port) {
        return settings(port).with("DARKROOM_NODE_ROLES", "notifier");
    }

    private DarkroomInstanceProcess start(DarkroomInstanceSettings settings) {
        return DarkroomInstanceProcess.start(directory, settings.environment());
    }

    private static JsonObject command(String user) {
        return new JsonObject().put("user", user);
    }

    private static JsonObject request(String prompt) {
        return new JsonObject().put("prompt", prompt).put("width", 64).put("height", 64);
    }

    @Test
    void routesCommandsToOtherMemberAndServesHttpWhenMemberHangs() {
        // given
        first = start(memberOnlySettings(firstPort));
        second = start(settings(secondPort).with("DARKROOM_CLUSTER_MEMBERS", "127.0.0.1:" + firstPort));
        List<String> ids = new ArrayList<>();
        try (ClusterClient client = ClusterClient.join(firstPort)) {
            assertThat(client.members()).isEqualTo(3);

            // when
            JsonObject reply = client.command("create", command("ann").put("request", request("by bus")));

            // then
            String created = reply.getJsonObject("generation").getString("id");
            Awaitility.await("event")
                    .atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(client.events(created)).hasSize(1));
            assertThat(client.events(created).get(0).getString("status")).isEqualTo("COMPLETE");
            assertThat(first.log(created)).isEmpty();
            assertThat(second.log(created)).isNotEmpty();

            // when the oldest member hangs, with its connections open
            first.signal("STOP");
            ids.addAll(create(10));
        }

        // then HTTP requests are not affected
        for (String id : ids) {
            assertThat(second.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        }
        // and a stop in this cluster takes about as long as one without a cluster
        long before = System.nanoTime();
        assertThat(second.stop()).isZero();
        assertThat(elapsedSince(before)).isLessThan(Duration.ofSeconds(15));
        DatabaseInvariants.assertNoViolations(database, directory.resolve("images"));
    }

    @Test
    void prefersLocalVerticlesAndSurvivesKilledMember() {
        // given two services with generation verticles
        first = start(settings(firstPort).with("DARKROOM_NODE_ROLES", "api, notifier"));
        second = start(settings(secondPort).with("DARKROOM_CLUSTER_MEMBERS", "127.0.0.1:" + firstPort));
        second.awaitLine("cluster joined .*members=2");

        // when
        List<String> ids = new ArrayList<>(create(10));

        // then
        assertThat(first.log()).noneMatch(line -> line.contains("generation accepted"));

        // when
        first.kill();
        ids.addAll(create(10));

        // then
        for (String id : ids) {
            assertThat(second.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        }
        second.awaitLine("cluster member left .*members=1");
        try (ClusterClient client = ClusterClient.join(secondPort)) {
            JsonObject reply = client.command("get", command("local").put("id", ids.get(0)));
            assertThat(reply.getJsonObject("generation").getString("id")).isEqualTo(ids.get(0));
        }
        assertThat(second.log())
                .as("warnings that libraries log after the loss of a member")
                .filteredOn(line -> line.contains(" ERROR ") || line.contains(" WARN "))
                .hasSizeLessThan(10);
        DatabaseInvariants.assertNoViolations(database, directory.resolve("images"));
    }

    @Test
    void startsWhenConfiguredMemberHangs() throws IOException {
        // given a member that accepts connections and sends nothing
        try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            long before = System.nanoTime();

            // when
            second = start(settings(secondPort).with("DARKROOM_CLUSTER_MEMBERS", "127.0.0.1:" + silent.getLocalPort()));

            // then
            assertThat(elapsedSince(before)).isLessThan(Duration.ofSeconds(25));
            create(1);
        }
    }

    /** Creates generations over HTTP. Fails on a 503, which a request would get if it waited for a hanging cluster. */
    private List<String> create(int count) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(second.client().create(request("by HTTP")).getString("id"));
        }
        return ids;
    }

    private static Duration elapsedSince(long nanos) {
        return Duration.ofNanos(System.nanoTime() - nanos);
    }
}
