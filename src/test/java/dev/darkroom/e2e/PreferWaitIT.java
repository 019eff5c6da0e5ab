package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.json.JsonObject;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Responses that wait for the end of a generation with {@code Prefer: wait}. One process takes the requests, another
 * runs the attempts.
 */
@Timeout(300)
class PreferWaitIT {
    private static final JsonObject DELAY = new JsonObject().put("delay", "700ms");
    private static final JsonObject HANG = new JsonObject().put("hang", true);

    @TempDir
    static Path directory;

    @AutoClose
    private static InProcessFleet fleet;

    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance apiNode;
    private static DarkroomInstance workerNode;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        fleet = new InProcessFleet(directory);
        inProcessSimulator = fleet.simulator();
        apiNode = startNode("apiNode", 0);
        workerNode = startNode("workerNode", 4);
        client = apiNode.client();
    }

    @BeforeEach
    void resetAiServer() {
        inProcessSimulator.reset();
    }

    private static DarkroomInstance startNode(String name, int workerConcurrency) {
        return fleet.start(name, fleet.settings(workerConcurrency).with("DARKROOM_GENERATION_MAX_WAIT", "20s"));
    }

    private static Map<String, String> wait(int seconds) {
        return Map.of("Prefer", "respond-async, wait=" + seconds);
    }

    private static ApiResponse post(int seconds) {
        return client.post(new JsonObject().put("prompt", "A pier").encode(), wait(seconds));
    }

    @Test
    void returnsCompletedGenerationInResponse() {
        // given
        inProcessSimulator.script(DELAY);

        // when
        ApiResponse apiResponse = post(15);

        // then
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.header("Preference-Applied")).isEqualTo("wait=15");
        assertThat(apiResponse.json().getString("status")).isEqualTo("COMPLETE");
        assertThat(apiResponse.header("Location")).endsWith(apiResponse.json().getString("id"));
        URI image = URI.create(apiResponse.json().getJsonArray("imageUrls").getString(0));
        assertThat(client.get(image.getPath() + "?" + image.getQuery()).status())
                .isEqualTo(200);
    }

    @Test
    void returnsCurrentStateAfterWait() {
        // given
        inProcessSimulator.script(HANG);

        // when
        ApiResponse posted = post(1);
        ApiResponse got = client.get("/api/generation/" + posted.json().getString("id"), wait(1));

        // then
        assertThat(posted.status()).isEqualTo(202);
        assertThat(posted.json().getString("status")).isEqualTo("PENDING");
        assertThat(posted.header("Retry-After")).isNotNull();
        assertThat(got.status()).isEqualTo(200);
        assertThat(got.json().getString("status")).isEqualTo("PENDING");
        assertThat(got.header("Preference-Applied")).isEqualTo("wait=1");
    }

    @Test
    void capsWaitAtConfiguredMaximum() {
        inProcessSimulator.script(DELAY);
        assertThat(post(999).header("Preference-Applied")).isEqualTo("wait=20");
    }

    @Test
    void waitsForExistingGeneration() {
        // given
        inProcessSimulator.script(DELAY);
        String id = client.create("A pier");

        // when
        ApiResponse apiResponse = client.get("/api/generation/" + id, wait(15));

        // then
        assertThat(apiResponse.json().getString("status")).isEqualTo("COMPLETE");
    }

    @Test
    void cancellationEndsWait() throws Exception {
        // given
        inProcessSimulator.script(HANG);
        String id = client.create("A pier");
        CompletableFuture<ApiResponse> waiting =
                CompletableFuture.supplyAsync(() -> client.get("/api/generation/" + id, wait(20)));

        // when another process cancels the generation
        workerNode.client().cancel(id);

        // then
        ApiResponse apiResponse = waiting.get(60, TimeUnit.SECONDS);
        assertThat(apiResponse.json().getJsonObject("error").getString("code")).isEqualTo("CANCELLED");
    }

    @Test
    void closedConnectionLosesNothing() throws Exception {
        // given
        inProcessSimulator.script(DELAY);
        byte[] body = "{\"prompt\":\"A pier\"}".getBytes(StandardCharsets.UTF_8);
        URI base = client.base();

        // when
        try (Socket socket = new Socket(base.getHost(), base.getPort())) {
            socket.getOutputStream()
                    .write(("POST /api/generation HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                    + "Prefer: wait=20\r\nContent-Length: " + body.length + "\r\n\r\n")
                            .getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().write(body);
            socket.getOutputStream().flush();
            Awaitility.await("the submission")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> !inProcessSimulator.recordedRequests().isEmpty());
        }

        // then
        String id = inProcessSimulator.recordedRequests().get(0).getString("key");
        assertThat(client.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
    }

    @Test
    void shutdownEndsWaits() throws Exception {
        // given
        inProcessSimulator.script(HANG);
        DarkroomInstance stopping = startNode("stopping", 0);
        String id = client.create("A pier");
        CompletableFuture<ApiResponse> waiting =
                CompletableFuture.supplyAsync(() -> stopping.client().get("/api/generation/" + id, wait(20)));
        Awaitility.await("the submission")
                .atMost(Duration.ofSeconds(60))
                .until(() -> !inProcessSimulator.recordedRequests(id).isEmpty());

        // when
        stopping.close();

        // then the response arrives well before the 20 s are over
        ApiResponse apiResponse = waiting.get(15, TimeUnit.SECONDS);
        assertThat(apiResponse.status()).isEqualTo(200);
        assertThat(apiResponse.json().getString("status")).isEqualTo("PENDING");
    }
}
