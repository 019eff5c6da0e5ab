package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.TestPostgres;
import dev.darkroom.testing.WebhookReceiver;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Three processes with one role each, without a cluster: they work together through PostgreSQL alone. */
@Timeout(300)
class NodeRolesIT {
    private static final Map<String, Integer> HTTP_PORTS =
            Map.of("api", FreePort.find(), "worker", FreePort.find(), "notifier", FreePort.find());

    @TempDir
    static Path directory;

    private static InProcessFleet fleet;
    private static DarkroomInstance api;
    private static DarkroomInstance worker;
    private static DarkroomInstance notifier;

    @BeforeAll
    static void start() {
        fleet = new InProcessFleet(directory);
        api = startNode("api");
        worker = startNode("worker");
        notifier = startNode("notifier");
    }

    private static DarkroomInstance startNode(String role) {
        return fleet.start(
                role,
                fleet.settings(2)
                        .with("DARKROOM_NODE_ROLES", role)
                        .with("DARKROOM_HTTP_PORT", String.valueOf(HTTP_PORTS.get(role)))
                        .webhooksOnLoopback());
    }

    @AfterAll
    static void stop() {
        fleet.close();
    }

    @Test
    @DisplayName("api accepts, worker calls the AI server, api notifies the stream, notifier sends the webhook")
    void eachProcessDoesItsPart() {
        try (WebhookReceiver receiver = new WebhookReceiver();
                SseClient stream = SseClient.openNotifications(api.client())) {
            // given
            api.client()
                    .send(
                            "POST",
                            "/api/webhooks",
                            Map.of("Content-Type", "application/json"),
                            new JsonObject()
                                    .put("url", receiver.url("/hook"))
                                    .toBuffer()
                                    .getBytes());

            // when
            ApiResponse created = api.client()
                    .post(new JsonObject().put("prompt", "A lighthouse").encode(), Map.of("Prefer", "wait=60"));

            // then
            assertThat(created.status()).isEqualTo(200);
            JsonObject generation = created.json();
            String id = generation.getString("id");
            assertThat(generation.getString("status")).isEqualTo("COMPLETE");
            URI image = URI.create(generation.getJsonArray("imageUrls").getString(0));
            assertThat(api.client()
                            .get(image.getPath() + "?" + image.getQuery())
                            .status())
                    .isEqualTo(200);
            assertThat(new JsonObject(stream.awaitEvent("notification").data())
                            .getJsonObject("data")
                            .getString("generationId"))
                    .isEqualTo(id);
            Awaitility.await("delivery")
                    .until(() -> !receiver.receivedRequests("/hook").isEmpty());
            assertThat(receiver.receivedRequests("/hook").get(0).body()).contains(id);
            assertThat(nodes("SELECT node_id FROM generation_attempts WHERE generation_id = '" + id + "'"))
                    .containsExactly(nodeId(worker));
            Awaitility.await("delivery recorded")
                    .untilAsserted(() -> assertThat(nodes("SELECT node_id FROM webhook_attempts"))
                            .containsExactly(nodeId(notifier)));
        }
        fleet.assertNoViolations();
    }

    @Test
    void onlyTheRoleApiOpensAnApiPort() {
        for (String role : HTTP_PORTS.keySet()) {
            assertThat(accepts(HTTP_PORTS.get(role))).as(role).isEqualTo(role.equals("api"));
        }
    }

    @Test
    void managementPortShowsRolesAndTheChecksThatMatter() {
        for (DarkroomInstance node : List.of(api, worker, notifier)) {
            ApiClient management = new ApiClient(node.management());
            String role = node == api ? "api" : node == worker ? "worker" : "notifier";
            assertThat(management.get("/node").json().getJsonArray("roles")).isEqualTo(new JsonArray().add(role));
            ApiResponse ready = management.get("/health/ready");
            assertThat(ready.status()).isEqualTo(200);
            assertThat(ready.json().getJsonArray("checks"))
                    .extracting(check -> ((JsonObject) check).getString("id"))
                    .contains("database", "node")
                    .matches(checks -> checks.contains("images") == (node == worker), "images only with a worker");
        }
    }

    private static boolean accepts(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static String nodeId(DarkroomInstance node) {
        return new ApiClient(node.management()).get("/node").json().getString("id");
    }

    private static List<String> nodes(String sql) {
        return TestPostgres.query(fleet.database(), sql);
    }
}
