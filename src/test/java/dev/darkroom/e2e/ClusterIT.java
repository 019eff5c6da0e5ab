package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.ClusterClient;
import dev.darkroom.testing.DarkroomProcess;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Invariants;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two services and an integration in one cluster. Only the second service has an API, generation verticles and a worker; the
 * integration knows only the first.
 */
@Timeout(120)
class ClusterIT {
    @TempDir
    Path directory;

    private final int firstPort = ClusterClient.freePort();
    private final int secondPort = ClusterClient.freePort();
    private DatabaseUrl database;
    private AiServer aiServer;
    private DarkroomProcess first;
    private DarkroomProcess second;

    @BeforeEach
    void start() {
        database = TestPostgres.newDatabase();
        aiServer = new AiServer(Duration.ofMillis(50));
    }

    @AfterEach
    void stop() {
        for (DarkroomProcess process : new DarkroomProcess[] {first, second}) {
            if (process != null) {
                process.kill();
            }
        }
        aiServer.close();
    }

    private DarkroomSettings settings(int port) {
        return DarkroomSettings.quick()
                .database(database)
                .aiServer(aiServer)
                .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString())
                .with("DARKROOM_CLUSTER_ENABLED", "true")
                .with("DARKROOM_CLUSTER_PORT", String.valueOf(port))
                .with("DARKROOM_CLUSTER_BUS_PORT", "0");
    }

    private DarkroomSettings onlyAMember(int port) {
        return settings(port)
                .with("DARKROOM_API_INSTANCES", "0")
                .with("DARKROOM_GENERATION_INSTANCES", "0")
                .with("DARKROOM_WORKER_CONCURRENCY", "0");
    }

    private DarkroomProcess start(DarkroomSettings settings, String... options) {
        return DarkroomProcess.start(directory, settings.environment(), options);
    }

    private static JsonObject command(String user) {
        return new JsonObject().put("user", user);
    }

    private static JsonObject request(String prompt) {
        return new JsonObject().put("prompt", prompt).put("width", 64).put("height", 64);
    }

    @Test
    void aClientOfTheFirstIsAnsweredByTheSecondAndHttpOutlivesTheCluster() {
        // given every member is reached only through a proxy
        TcpProxy toFirst = new TcpProxy("127.0.0.1", firstPort);
        TcpProxy toSecond = new TcpProxy("127.0.0.1", secondPort);
        String members = "127.0.0.1:%d,127.0.0.1:%d".formatted(toFirst.port(), toSecond.port());
        first = start(onlyAMember(firstPort).with("DARKROOM_CLUSTER_MEMBERS", members), reachedAt(toFirst));
        second = start(settings(secondPort).with("DARKROOM_CLUSTER_MEMBERS", members), reachedAt(toSecond));
        List<String> ids = new ArrayList<>();
        try (ClusterClient client = ClusterClient.join(toFirst.port())) {
            assertThat(client.members()).isEqualTo(3);

            // when
            JsonObject created = client.command("create", command("ann").put("request", request("by bus")))
                    .getJsonObject("generation");
            ids.add(created.getString("id"));

            // then
            Awaitility.await("event")
                    .atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(client.events(ids.get(0))).hasSize(1));
            assertThat(client.events(ids.get(0)).get(0).getString("status")).isEqualTo("COMPLETE");
            assertThat(first.log(ids.get(0))).isEmpty();
            assertThat(second.log(ids.get(0))).isNotEmpty();

            // when the members cannot reach each other
            toFirst.fallSilent();
            toSecond.fallSilent();
            ids.addAll(create(10));
            first.kill();
            ids.addAll(create(10));

            // then
            for (String id : ids.subList(1, ids.size())) {
                assertThat(second.client().awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
            }
            assertThat(second.stop()).isZero();
            Invariants.check(database, directory.resolve("images"));
            System.out.println("SECOND " + String.join("\nSECOND ", second.log()));
        } finally {
            toFirst.close();
            toSecond.close();
        }
    }

    private static String reachedAt(TcpProxy proxy) {
        return "-Dhazelcast.local.publicAddress=127.0.0.1:" + proxy.port();
    }

    private List<String> create(int count) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long before = System.nanoTime();
            ids.add(second.client().create(request("by HTTP")).getString("id"));
            assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(3));
        }
        return ids;
    }
}
