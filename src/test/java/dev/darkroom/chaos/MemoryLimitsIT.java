package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.e2e.AttemptJson;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.RawHttpClient;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks a service with a heap of 256 MB and the default limits. The AI server sends responses of the maximum size and larger,
 * to all calls concurrently. Clients download and upload large bodies slowly.
 */
@Tag("chaos")
@Timeout(300)
class MemoryLimitsIT {
    private static final int CONCURRENCY = 4;
    private static final int IMAGES = 4;
    private static final long HUNDRED_MB = 100_000_000;
    private static final int CLIENTS = 400;
    /** 12 MB, the largest image that Darkroom requests. */
    private static final byte[] IMAGE = TestImages.noisePng(2048, 2030);

    @TempDir
    static Path directory;

    private static LargeResponseServer aiServer;
    private static DatabaseUrl database;
    private static DarkroomInstanceProcess darkroom;
    private static ApiClient client;
    private static InetSocketAddress api;

    private final List<Socket> clientSockets = new ArrayList<>();

    @BeforeAll
    static void start() {
        aiServer = new LargeResponseServer();
        database = TestPostgres.newDatabase();
        DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
                .database(database)
                .with("DARKROOM_BACKEND_URL", aiServer.url().toString())
                .with("DARKROOM_RETRY_MAX_ATTEMPTS", "2");
        darkroom = DarkroomInstanceProcess.start(
                directory, settings.environment(), "-Xmx256m", "-XX:+ExitOnOutOfMemoryError");
        client = darkroom.client();
        api = new InetSocketAddress(darkroom.api().getHost(), darkroom.api().getPort());
    }

    @AfterEach
    void assertNoOutOfMemory() throws IOException {
        for (Socket clientSocket : clientSockets) {
            clientSocket.close();
        }
        assertThat(darkroom.log()).noneMatch(line -> line.contains("OutOf"));
    }

    @AfterAll
    static void stop() {
        darkroom.close();
        aiServer.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void rejectsOversizedResponses(boolean withContentLength) {
        // given
        aiServer.nextResponse(CONCURRENCY, LargeResponseServer.oversized(HUNDRED_MB, withContentLength));

        // when
        List<JsonObject> ended = generate(CONCURRENCY);

        // then
        for (JsonObject each : ended) {
            assertThat(each.getString("status")).isEqualTo("FAILED");
            assertThat(AttemptJson.attemptsOf(each))
                    .extracting(AttemptJson::summary)
                    .containsExactlyElementsOf(
                            Collections.nCopies(2, "RETRYABLE INVALID_RESULT RESPONSE_TOO_LARGE counted"));
        }
    }

    @Test
    void acceptsResponsesOfMaximumSize() {
        // given
        byte[] base64 = Base64.getEncoder().encode(IMAGE);
        assertThat(IMAGES * base64.length).isBetween(66_000_000, (64 << 20) - 1_000);
        byte[] next = ascii("\"},{\"b64_json\":\"");
        aiServer.nextResponse(
                CONCURRENCY,
                LargeResponseServer.ofBytes(
                        ascii("{\"data\":[{\"b64_json\":\""),
                        base64,
                        next,
                        base64,
                        next,
                        base64,
                        next,
                        base64,
                        ascii("\"}]}")));

        // then
        assertAllComplete(generate(CONCURRENCY));
    }

    @Test
    void downloadsLargeImages() {
        // given
        JsonArray links = new JsonArray();
        for (int i = 0; i < IMAGES; i++) {
            links.add(new JsonObject()
                    .put(
                            "url",
                            aiServer.addResource("/" + i + ".png", LargeResponseServer.ofBytes(IMAGE))
                                    .toString()));
        }
        aiServer.nextResponse(
                CONCURRENCY,
                LargeResponseServer.ofBytes(
                        ascii(new JsonObject().put("data", links).encode())));

        // then
        assertAllComplete(generate(CONCURRENCY));
    }

    @Test
    void survivesClientsThatDoNotReadLargeImage() throws IOException {
        // given
        String path = URI.create(createLargeImage().getJsonArray("imageUrls").getString(0))
                .getPath();

        // when
        for (int i = 0; i < CLIENTS; i++) {
            call(RawHttpClient.requestHead("GET", path, ""));
        }

        // then the image is served when the connections that do not read are aborted
        Awaitility.await("image served")
                .atMost(Duration.ofMinutes(2))
                .until(() -> client.get(path).status() == 200);
        assertThat(client.get(path).body()).isEqualTo(IMAGE);
    }

    @Test
    void survivesClientsThatDoNotEndLargeBody() throws IOException {
        // given
        byte[] head = RawHttpClient.requestHead(
                "POST", "/api/generation", "Content-Type: application/json\r\nContent-Length: 250001\r\n");
        byte[] body = new byte[250_000];

        // when
        for (int i = 0; i < CLIENTS; i++) {
            call(head, body);
        }

        // then
        try (RawHttpClient another = new RawHttpClient(darkroom.api())) {
            assertThat(another.send(head).send(body).readResponse().status()).isEqualTo(503);
        }
        createLargeImage();
    }

    /** Sends a request on a connection of its own, and neither reads nor writes afterwards. */
    private void call(byte[]... request) throws IOException {
        Socket socket = new Socket();
        clientSockets.add(socket);
        // Limits the bytes that the kernel buffers for the client, which would be megabytes.
        socket.setReceiveBufferSize(8 * 1024);
        socket.connect(
                new InetSocketAddress(darkroom.api().getHost(), darkroom.api().getPort()));
        for (byte[] part : request) {
            socket.getOutputStream().write(part);
        }
    }

    private static JsonObject createLargeImage() {
        aiServer.nextResponse(
                1,
                LargeResponseServer.ofBytes(
                        ascii("{\"data\":[{\"b64_json\":\""),
                        Base64.getEncoder().encode(IMAGE),
                        ascii("\"}]}")));
        JsonObject ended = awaitEnd(client.create("one large image"));
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        return ended;
    }

    private static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private static void assertAllComplete(List<JsonObject> ended) {
        for (JsonObject each : ended) {
            assertThat(AttemptJson.attemptsOf(each))
                    .extracting(AttemptJson::summary)
                    .containsExactly("SUCCEEDED");
            assertThat(each.getJsonArray("imageUrls")).hasSize(IMAGES);
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
    }

    /** Creates generations and waits for their end. Checks readiness meanwhile. */
    private static List<JsonObject> generate(int count) {
        List<String> ids = IntStream.range(0, count)
                .mapToObj(i -> client.create(
                                new JsonObject().put("prompt", "large").put("count", IMAGES))
                        .getString("id"))
                .toList();
        return ids.stream().map(MemoryLimitsIT::awaitEnd).toList();
    }

    private static JsonObject awaitEnd(String id) {
        ApiClient management = new ApiClient(darkroom.management());
        return Awaitility.await("end of " + id)
                .atMost(Duration.ofSeconds(40))
                .pollInterval(Duration.ofMillis(100))
                .until(
                        () -> {
                            assertThat(management.get("/health/ready").status()).isEqualTo(200);
                            return client.generation(id);
                        },
                        found -> !found.getString("status").equals("PENDING"));
    }
}
