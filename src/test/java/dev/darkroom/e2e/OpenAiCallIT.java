package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.api.contract.OpenApiResponseValidator;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TcpProxy;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Connections of calls for images that wait. Waits are much shorter than a generation, and the idle timeout is shorter. */
@Timeout(300)
class OpenAiCallIT {
    private static final String PATH = "/v1/images/generations";

    @TempDir
    static Path directory;

    @AutoClose
    private static InProcessFleet fleet;

    private static InProcessSimulator simulator;

    /** Between Darkroom and the simulator: holds submissions back until a test has seen what it waits for. */
    @AutoClose
    private static TcpProxy proxy;

    private static ApiClient client;

    /** Sends white space each second. */
    private static ApiClient keepAliveClient;

    @BeforeAll
    static void start() {
        fleet = new InProcessFleet(directory);
        simulator = fleet.simulator();
        proxy = new TcpProxy("127.0.0.1", simulator.port());
        client = startNode("plain", 4, "0s").client();
        keepAliveClient = startNode("keepAlive", 0, "1s").client();
    }

    private static DarkroomInstance startNode(String name, int concurrency, String jsonKeepAlive) {
        return fleet.start(
                name,
                fleet.settings(concurrency)
                        .with("DARKROOM_BACKEND_URL", "http://127.0.0.1:" + proxy.port() + "/v1")
                        .with("DARKROOM_GENERATION_MAX_WAIT", "1s")
                        .with("DARKROOM_HTTP_IDLE_TIMEOUT", "4s")
                        .with("DARKROOM_OPENAI_JSON_KEEP_ALIVE", jsonKeepAlive));
    }

    @BeforeEach
    void reset() {
        proxy.resumeForwarding();
        simulator.reset();
    }

    private static ApiResponse post(ApiClient caller, boolean stream) {
        return caller.send("POST", PATH, Map.of("Content-Type", "application/json"), body(stream));
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
        simulator.script(new JsonObject().put("delay", "6s"));

        // then
        assertThat(post(client, false).status()).isEqualTo(200);
    }

    /** Sends a call whose generation ends after the first byte of the response. */
    private static HttpResponse<InputStream> readWhiteSpace() throws Exception {
        proxy.blackhole();
        HttpResponse<InputStream> response = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(keepAliveClient.base().resolve(PATH))
                                .header("Content-Type", "application/json")
                                .POST(BodyPublishers.ofByteArray(body(false)))
                                .build(),
                        BodyHandlers.ofInputStream());
        assertThat(response.body().read()).isEqualTo('\n');
        proxy.resumeForwarding();
        return response;
    }

    @Test
    void sendsWhiteSpaceBeforeAJsonBody() throws Exception {
        // when
        HttpResponse<InputStream> response = readWhiteSpace();
        byte[] body = response.body().readAllBytes();

        // then
        Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        response.headers().map().forEach((name, values) -> headers.put(name, values.get(0)));
        OpenApiResponseValidator.check("POST", PATH, response.statusCode(), headers, body);
        assertThat(new JsonObject(Buffer.buffer(body)).getJsonArray("data")).hasSize(1);
        assertThat(headers).doesNotContainKey("Content-Length");
    }

    @Test
    void closesTheConnectionWhenAGenerationFailsAfterWhiteSpace() throws Exception {
        // given
        simulator.script(new JsonObject().put("moderation", true));

        // when
        InputStream body = readWhiteSpace().body();

        // then
        assertThatThrownBy(body::readAllBytes).isInstanceOf(IOException.class);
    }

    @Test
    void closedConnectionLosesNothing() throws Exception {
        // given
        simulator.script(new JsonObject().put("delay", "2s"));
        URI base = client.base();

        // when
        try (Socket socket = new Socket(base.getHost(), base.getPort())) {
            socket.getOutputStream()
                    .write(("POST " + PATH + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
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
