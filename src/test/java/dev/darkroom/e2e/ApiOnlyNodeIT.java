package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two members of a cluster: one has the API and no generation verticles, the other the generation verticles and the worker. */
@Timeout(300)
class ApiOnlyNodeIT {
    @TempDir
    static Path directory;

    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance generationNode;
    private static DarkroomInstance apiNode;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(100));
        DatabaseUrl database = TestPostgres.migratedDatabase();
        int port = FreePort.find();
        generationNode = startNode("generations", settings(database, port));
        apiNode = startNode(
                "api",
                settings(database, FreePort.find())
                        .with("DARKROOM_CLUSTER_MEMBERS", "127.0.0.1:" + port)
                        .with("DARKROOM_GENERATION_INSTANCES", "0")
                        .with("DARKROOM_NODE_ROLES", "api"));
        client = apiNode.client();
    }

    private static DarkroomInstanceSettings settings(DatabaseUrl database, int clusterPort) {
        return DarkroomInstanceSettings.forTests()
                .database(database)
                .aiServer(inProcessSimulator)
                .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString())
                .with("DARKROOM_CLUSTER_ENABLED", "true")
                .with("DARKROOM_CLUSTER_PORT", String.valueOf(clusterPort))
                .with("DARKROOM_CLUSTER_BUS_PORT", "0");
    }

    private static DarkroomInstance startNode(String name, DarkroomInstanceSettings settings) {
        Path own = directory.resolve(name);
        assertThat(own.toFile().mkdir()).isTrue();
        return InProcessDarkroom.start(own, settings);
    }

    @AfterAll
    static void stop() {
        apiNode.close();
        generationNode.close();
        inProcessSimulator.close();
    }

    @Test
    @DisplayName("A process without generation verticles serves all operations of generations through the cluster")
    void servesGenerationsThroughTheCluster() {
        // when
        ApiResponse created =
                client.post(new JsonObject().put("prompt", "A lighthouse").encode(), Map.of("Prefer", "wait=60"));

        // then
        assertThat(created.status()).isEqualTo(200);
        JsonObject generation = created.json();
        String id = generation.getString("id");
        assertThat(generation.getString("status")).isEqualTo("COMPLETE");
        assertThat(client.get("/api/generation").json().getJsonArray("items"))
                .extracting(item -> ((JsonObject) item).getString("id"))
                .contains(id);
        URI image = URI.create(generation.getJsonArray("imageUrls").getString(0));
        assertThat(client.get(image.getPath() + "?" + image.getQuery()).status())
                .isEqualTo(200);
        assertThat(client.cancel(id).status()).isEqualTo(409);
        assertThat(client.delete(id).status()).isEqualTo(204);
        assertThat(client.get("/api/generation/" + id).status()).isEqualTo(404);
    }

    @Test
    void servesNotificationsAndWebhooksItself() {
        assertThat(client.get("/api/notifications").status()).isEqualTo(200);
        assertThat(client.get("/api/webhooks").status()).isEqualTo(200);
    }

    @Test
    void streamsTheEventsOfAGeneration() {
        // given
        String id = client.create("A boat");

        // when
        try (SseClient stream = SseClient.open(apiNode.api(), "/api/generation/" + id + "/events", Map.of())) {
            stream.awaitEnd();

            // then
            assertThat(stream.frames("generation").stream().map(frame -> new JsonObject(frame.data())))
                    .last()
                    .satisfies(event -> assertThat(event.getString("status")).isEqualTo("COMPLETE"));
        }
    }
}
