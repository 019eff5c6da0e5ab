package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.InProcessSimulator;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
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

/** Connections of calls for images that wait. Waits and the idle timeout are much shorter than a generation. */
@Timeout(300)
class OpenAiCallIT {
    private static final JsonObject DELAY = new JsonObject().put("delay", "3s");

    @TempDir
    static Path directory;

    @AutoClose
    private static InProcessFleet fleet;

    private static InProcessSimulator simulator;
    private static ApiClient client;

    /** Sends white space each second. */
    private static ApiClient keepAliveClient;

    @BeforeAll
    static void start() {
        fleet = new InProcessFleet(directory);
        simulator = fleet.simulator();
        client = startNode("plain", 4, "0s").client();
        keepAliveClient = startNode("keepAlive", 0, "1s").client();
    }

    private static DarkroomInstance startNode(String name, int concurrency, String jsonKeepAlive) {
        return fleet.start(
                name,
                fleet.settings(concurrency)
                        .with("DARKROOM_GENERATION_MAX_WAIT", "1s")
                        .with("DARKROOM_HTTP_IDLE_TIMEOUT", "2s")
                        .with("DARKROOM_OPENAI_JSON_KEEP_ALIVE", jsonKeepAlive));
    }

    @BeforeEach
    void reset() {
        simulator.reset();
    }

    private static ApiResponse post(ApiClient caller, boolean stream) {
        return caller.send("POST", "/v1/images/generations", Map.of("Content-Type", "application/json"), body(stream));
    }

    private static byte[] body(boolean stream) {
        return new JsonObject()
                .put("prompt", "A pier")
                .put("stream", stream)
                .encode()
                .getBytes(StandardCharsets.UTF_8);
    }

    private static String awaitSubmission() {
        Awaitility.await("the submission")
                .atMost(Duration.ofSeconds(60))
                .until(() -> !simulator.recordedRequests().isEmpty());
        return simulator.recordedRequests().get(0).getString("key");
    }

    @Test
    void waitsLongerThanTheIdleTimeout() {
        // given
        simulator.script(DELAY);

        // then
        assertThat(post(client, false).status()).isEqualTo(200);
    }

    @Test
    void sendsWhiteSpaceBeforeAJsonBody() {
        // given
        simulator.script(DELAY);

        // when
        ApiResponse response = post(keepAliveClient, false);

        // then
        assertThat(response.text()).startsWith("\n");
        assertThat(response.json().getJsonArray("data")).hasSize(1);
        assertThat(response.header("Content-Length")).isNull();
    }

    @Test
    void closesTheConnectionWhenAGenerationFailsAfterWhiteSpace() {
        // given
        simulator.script(new JsonObject().put("moderation", true).put("delay", "2s"));

        // then
        assertThatThrownBy(() -> post(keepAliveClient, false)).isInstanceOf(UncheckedIOException.class);
    }

    @Test
    void closedConnectionLosesNothing() throws Exception {
        // given
        simulator.script(DELAY);
        URI base = client.base();

        // when
        try (Socket socket = new Socket(base.getHost(), base.getPort())) {
            socket.getOutputStream()
                    .write(
                            ("POST /v1/images/generations HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                            + "Content-Length: " + body(false).length + "\r\n\r\n")
                                    .getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().write(body(false));
            socket.getOutputStream().flush();
            awaitSubmission();
        }

        // then
        String id = simulator.recordedRequests().get(0).getString("key");
        assertThat(client.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        assertThat(simulator.recordedRequests()).hasSize(1);
    }

    @Test
    void cancellationEndsTheCall() throws Exception {
        // given
        simulator.script(new JsonObject().put("hang", true));
        CompletableFuture<ApiResponse> waiting = CompletableFuture.supplyAsync(() -> post(client, false));

        // when
        client.cancel(awaitSubmission());

        // then
        ApiResponse response = waiting.get(60, TimeUnit.SECONDS);
        assertThat(response.status()).isEqualTo(409);
        assertThat(response.header("X-Should-Retry")).isEqualTo("false");
        assertThat(response.json().getJsonObject("error").getString("code")).isEqualTo("cancelled");
    }

    @Test
    void shutdownAsksForARetry() throws Exception {
        // given
        simulator.script(new JsonObject().put("hang", true).put("times", 2));
        DarkroomInstance stopping = startNode("stopping", 0, "0s");
        CompletableFuture<ApiResponse> waiting = CompletableFuture.supplyAsync(() -> post(stopping.client(), false));
        CompletableFuture<ApiResponse> stream = CompletableFuture.supplyAsync(() -> post(stopping.client(), true));
        Awaitility.await("two submissions")
                .atMost(Duration.ofSeconds(60))
                .until(() -> simulator.recordedRequests().size() == 2);

        // when
        stopping.close();

        // then
        ApiResponse response = waiting.get(60, TimeUnit.SECONDS);
        assertThat(response.status()).isEqualTo(503);
        assertThat(response.header("X-Should-Retry")).isNull();
        assertThat(response.header("Retry-After")).isNotNull();
        String id = response.header("Darkroom-Generation-Id");
        assertThat(client.generation(id).getString("status")).isEqualTo("PENDING");
        assertThat(stream.get(60, TimeUnit.SECONDS).text()).contains("event: error", "unavailable");
    }
}
