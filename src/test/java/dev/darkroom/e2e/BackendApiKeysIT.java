package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An AI server with two API keys. */
@Timeout(300)
class BackendApiKeysIT {
    private static final String MAIN = "secret-of-main";
    private static final String SPARE = "secret-of-spare";

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private final InProcessSimulator simulator = new InProcessSimulator(Duration.ofMillis(5));
    private Path spareFile;
    private DarkroomInstance darkroom;
    private ApiClient client;

    @AfterEach
    void stop() {
        darkroom.close();
        simulator.close();
    }

    private void start(Map<String, String> settings) throws IOException {
        spareFile = Files.writeString(directory.resolve("spare"), SPARE + "\n");
        DarkroomInstanceSettings all = DarkroomInstanceSettings.forTests()
                .smallProcess()
                .database(database)
                .aiServer(simulator)
                .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "200ms")
                .with("DARKROOM_BACKEND_API_KEYS", "main=env:KEY_OF_MAIN, spare=file:" + spareFile)
                .with("KEY_OF_MAIN", MAIN);
        settings.forEach(all::with);
        darkroom = InProcessDarkroom.start(directory, all);
        client = darkroom.client();
    }

    private static JsonObject rejection(int status, String apiKey) {
        return new JsonObject().put("status", status).put("apiKey", apiKey).put("times", -1);
    }

    /** Returns outcome and API key of each attempt, such as {@code "SUCCEEDED main"}. */
    private static List<String> attempts(JsonObject generation) {
        return objects(generation.getJsonArray("attempts"))
                .map(attempt -> attempt.getString("outcome") + " " + attempt.getString("apiKey"))
                .toList();
    }

    private static Stream<JsonObject> objects(JsonArray array) {
        return array.stream().map(JsonObject.class::cast);
    }

    /** Returns the states of the keys, as {@code GET /backends} of the management port shows them. */
    private List<JsonObject> keys() {
        JsonObject backend = new ApiClient(darkroom.management())
                .get("/backends")
                .json()
                .getJsonArray("backends")
                .getJsonObject(0);
        return objects(backend.getJsonArray("apiKeys")).toList();
    }

    private List<String> states() {
        return keys().stream().map(key -> key.getString("state")).toList();
    }

    @Test
    void attemptContinuesWithOtherKey() throws IOException {
        // given
        start(Map.of());
        simulator.script(rejection(401, MAIN));

        // when
        List<JsonObject> ended = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            ended.add(client.awaitEnd(client.create("a pier")));
        }

        // then
        assertThat(ended).allSatisfy(generation -> {
            assertThat(generation.getString("status")).isEqualTo("COMPLETE");
            assertThat(generation.getInteger("failedAttempts")).isZero();
            assertThat(attempts(generation)).containsExactly("SUCCEEDED spare");
        });
        assertThat(simulator.recordedRequests())
                .extracting(request -> request.getString("response"))
                .as("the rejected key is in cooldown")
                .containsOnlyOnce("status 401");
        assertThat(keys().get(0).getString("state")).isEqualTo("UNAUTHORIZED");
        assertThat(keys().get(0).getString("cooldownUntil")).isNotNull();
        assertThat(keys().get(1))
                .isEqualTo(new JsonObject().put("name", "spare").put("state", "USABLE"));
        assertThat(darkroom.log())
                .anyMatch(line -> line.startsWith("WARN api key cooldown started") && line.contains("apiKey=main"))
                .noneMatch(line -> line.contains("secret-of"));

        // when
        ApiKey admin = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(database)) {
            keyAdmin.create(admin, new Principal("root", Role.ADMIN), null);
        }

        // then
        Awaitility.await().atMost(Duration.ofSeconds(60)).untilAsserted(() -> {
            ApiClient.ApiResponse backends = client.withKey(admin.secret()).get("/api/backends");
            assertThat(backends.text())
                    .contains("\"UNAUTHORIZED\"", "\"cooldownUntil\"")
                    .doesNotContain("secret-of");
        });
    }

    @ParameterizedTest
    @CsvSource({
        "automatic1111, '', ",
        "bfl, '', flux-2-pro",
        "callback, /callback/jobs, ",
        "cog, '', ",
        "fal, /fal, fal-ai/flux",
        "replicate, '', owner/name",
        "sd_server, '', ",
        "stability, '', core"
    })
    void everyProtocolContinuesWithOtherKey(String type, String path, String model) throws IOException {
        // given
        start(Map.of(
                "DARKROOM_BACKEND_TYPE",
                type,
                "DARKROOM_BACKEND_URL",
                "http://127.0.0.1:" + simulator.port() + path,
                "DARKROOM_BACKEND_MODEL",
                model == null ? "" : model,
                "DARKROOM_BACKEND_READ_LIMITS",
                "false",
                "DARKROOM_BACKEND_DOWNLOAD_NETWORKS",
                "127.0.0.0/8",
                "DARKROOM_BACKEND_POLL_INTERVAL",
                "50ms"));
        simulator.script(rejection(401, MAIN));

        // when
        JsonObject ended = client.awaitEnd(client.create("a pier"));

        // then
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(attempts(ended)).containsExactly("SUCCEEDED spare");
        assertThat(simulator.recordedRequests()).hasSize(2);
        assertThat(states()).containsExactly("UNAUTHORIZED", "USABLE");
    }

    @Test
    void failsAsWithOneKeyWhenAllAreRejected() throws IOException {
        // given
        start(Map.of());
        simulator.script(rejection(402, MAIN), rejection(401, SPARE));

        // when
        JsonObject ended = client.awaitEnd(client.create("a pier"));

        // then
        assertThat(ended.getString("status")).isEqualTo("FAILED");
        assertThat(ended.getJsonObject("error").getString("code")).isIn("UNAUTHORIZED", "PAYMENT_REQUIRED");
        assertThat(ended.getJsonArray("attempts")).hasSize(1);
        assertThat(simulator.recordedRequests()).hasSize(2);
        assertThat(states()).containsExactly("PAYMENT_REQUIRED", "UNAUTHORIZED");
        assertThat(darkroom.log(ended.getString("id")))
                .anyMatch(line -> line.contains("attempt failed permanently") && line.contains("apiKey="));
    }

    @Test
    void rateLimitedKeyDoesNotPauseTheAiServer() throws IOException {
        // given
        start(Map.of());
        simulator.script(rejection(429, MAIN).put("retryAfter", 600));

        // when
        List<JsonObject> ended = Stream.generate(() -> client.create("a pier")).limit(4).toList().stream()
                .map(client::awaitEnd)
                .toList();

        // then
        assertThat(ended)
                .allSatisfy(generation -> assertThat(attempts(generation)).containsExactly("SUCCEEDED spare"));
        assertThat(states()).containsExactly("RATE_LIMITED", "USABLE");
        assertThat(darkroom.log()).noneMatch(line -> line.contains("backend paused"));
    }

    @Test
    void replacedFileIsUsedWithoutRestart() throws IOException {
        // given
        start(Map.of());
        simulator.script(rejection(401, MAIN), rejection(401, SPARE));
        client.awaitEnd(client.create("a pier"));

        // when
        Files.writeString(spareFile, "secret-of-successor");

        // then
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .until(() -> states().get(1).equals("USABLE"));
        JsonObject ended = client.awaitEnd(client.create("a pier"));
        assertThat(attempts(ended)).containsExactly("SUCCEEDED spare");
        assertThat(darkroom.log())
                .anyMatch(line -> line.startsWith("INFO api key replaced") && line.contains("apiKey=spare"))
                .noneMatch(line -> line.contains("secret-of"));
    }

    @Test
    void jobIsPolledAndLookedUpAfterRestartWithTheKeyThatSubmittedIt() throws IOException {
        try (PredictionServer server = new PredictionServer()) {
            // given: the first key is rejected, so that the second one submits
            Map<String, String> settings = Map.of(
                    "DARKROOM_BACKEND_TYPE", "replicate",
                    "DARKROOM_BACKEND_URL", server.url(),
                    "DARKROOM_BACKEND_MODEL", "owner/name",
                    "DARKROOM_BACKEND_READ_LIMITS", "false",
                    "DARKROOM_SHUTDOWN_GRACE_PERIOD", "1ms");
            start(settings);
            String id = client.create("a pier");
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> server.count("GET") > 1);

            // when
            darkroom.close();
            start(settings);
            int polls = server.count("GET");
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> server.count("GET") > polls);
            server.done = true;
            JsonObject ended = client.awaitEnd(id);

            // then
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(attempts(ended)).containsExactly("INTERRUPTED spare", "SUCCEEDED spare");
            assertThat(ended.getJsonArray("attempts").getJsonObject(1).getString("selection"))
                    .isEqualTo("LOOK_UP");
            assertThat(server.requests).startsWith("POST Bearer " + MAIN, "POST Bearer " + SPARE);
            assertThat(server.requests.subList(2, server.requests.size())).containsOnly("GET Bearer " + SPARE);
        }
    }

    /** Replicate with one prediction, which ends by order of the test. Rejects the first key. */
    private static final class PredictionServer implements AutoCloseable {
        private final List<String> requests = new CopyOnWriteArrayList<>();
        private final HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        private volatile boolean done;

        PredictionServer() throws IOException {
            server.createContext("/v1", this::handle);
            server.start();
        }

        private void handle(HttpExchange exchange) throws IOException {
            exchange.getRequestBody().readAllBytes();
            String authorization = exchange.getRequestHeaders().getFirst("Authorization");
            requests.add(exchange.getRequestMethod() + " " + authorization);
            boolean accepted = authorization.endsWith(SPARE);
            String image = "data:image/png;base64," + Base64.getEncoder().encodeToString(TestImages.png(64, 64));
            JsonObject prediction = new JsonObject()
                    .put("id", "prediction1")
                    .put("status", done ? "succeeded" : "processing")
                    .put("output", done ? new JsonArray().add(image) : null);
            byte[] body = accepted ? prediction.encode().getBytes(StandardCharsets.UTF_8) : new byte[] {'{', '}'};
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(accepted ? 201 : 401, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        }

        String url() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        int count(String method) {
            return (int) requests.stream()
                    .filter(request -> request.startsWith(method))
                    .count();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }
}
