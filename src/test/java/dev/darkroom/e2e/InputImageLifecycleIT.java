package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Input images of generations: expiry, retries, repeated requests, and images from URLs. */
class InputImageLifecycleIT {
    private static final byte[] IMAGE = TestImages.png(64, 64);
    private static final Duration LIMIT = Duration.ofSeconds(60);

    /** Lets the generation wait for minutes, until {@link #makeDue}. */
    private static final JsonObject FAILURE =
            new JsonObject().put("status", 503).put("retryAfter", "600");

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private InProcessSimulator simulator;
    private DarkroomInstance darkroom;
    private ApiClient client;
    private HttpServer web;

    @BeforeEach
    void start() throws IOException {
        simulator = new InProcessSimulator(Duration.ofMillis(5));
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .aiServer(simulator)
                        .with("DARKROOM_RETENTION_INTERVAL", "200ms")
                        .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", "1")
                        .with("DARKROOM_BACKEND_BREAKER_OPEN_DURATION", "100ms")
                        .with("DARKROOM_INPUT_IMAGES_MAX_BYTES", "20000")
                        .with("DARKROOM_INPUT_IMAGES_MAX_UPLOADS_PER_USER", "2")
                        .with("DARKROOM_INPUT_IMAGES_ALLOWED_NETWORKS", "127.0.0.1/32")
                        .with("DARKROOM_INPUT_IMAGES_ALLOW_HTTP", "true"));
        client = darkroom.client();
        web = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        web.createContext("/image.png", exchange -> respond(exchange, 200, IMAGE));
        web.createContext("/page.html", exchange -> respond(exchange, 200, "<html>".getBytes()));
        web.createContext("/large.png", exchange -> respond(exchange, 200, TestImages.noisePng(200, 200)));
        web.createContext("/missing.png", exchange -> respond(exchange, 404, new byte[0]));
        web.createContext("/error.png", exchange -> respond(exchange, 503, new byte[0]));
        web.createContext("/moved.png", exchange -> redirect(exchange, "/image.png"));
        web.createContext("/internal.png", exchange -> redirect(exchange, "http://10.0.0.1/secret.png"));
        web.createContext("/loop.png", exchange -> redirect(exchange, "/loop.png"));
        web.start();
    }

    private static void respond(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
        exchange.getResponseBody().write(body);
        exchange.close();
    }

    private static void redirect(HttpExchange exchange, String location) throws IOException {
        exchange.getResponseHeaders().add("Location", location);
        respond(exchange, 302, new byte[0]);
    }

    @AfterEach
    void stop() {
        web.stop(0);
        darkroom.close();
        simulator.close();
    }

    private String upload() {
        ApiResponse response = client.send("POST", "/api/uploads", Map.of("Content-Type", "image/png"), IMAGE);
        assertThat(response.status()).as(response.text()).isEqualTo(201);
        return response.json().getString("id");
    }

    private static JsonObject request(JsonObject image) {
        return new JsonObject().put("prompt", "a lighthouse").put("inputImages", new JsonArray().add(image));
    }

    private static JsonObject requestWithUpload(String id) {
        return request(new JsonObject().put("uploadId", id));
    }

    private JsonObject requestWithUrl(String path) {
        return request(new JsonObject()
                .put("url", "http://127.0.0.1:" + web.getAddress().getPort() + path));
    }

    private void expire(String uploadId) {
        TestPostgres.execute(
                database, "UPDATE uploads SET expires_at = now() - interval '1 hour' WHERE id = '" + uploadId + "'");
    }

    private void makeDue() {
        TestPostgres.execute(database, "UPDATE generation_queue SET run_at = now()");
    }

    private boolean exists(String uploadId) {
        try (Stream<Path> files = Files.walk(directory.resolve("data/images"))) {
            return files.anyMatch(file -> file.getFileName().toString().startsWith(uploadId));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void waitingGenerationKeepsItsUpload() {
        // given a generation that has failed once and waits, and an upload that no generation uses
        simulator.script(FAILURE);
        String used = upload();
        String unused = upload();
        String id = client.create(requestWithUpload(used)).getString("id");
        await().atMost(LIMIT).until(() -> client.generation(id).getInteger("failedAttempts") == 1);

        // when both expire
        expire(used);
        expire(unused);

        // then only the unused one is deleted
        await().atMost(LIMIT).until(() -> !exists(unused));
        assertThat(exists(used)).isTrue();
        // and the generation gets its image, and then the upload is deleted
        makeDue();
        JsonObject ended = client.awaitEnd(id);
        assertThat(ended.getString("status")).as(ended.encode()).isEqualTo("COMPLETE");
        await().atMost(LIMIT).until(() -> !exists(used));
        assertThat(TestPostgres.query(database, "SELECT count(*) FROM uploads")).containsExactly("0");
        assertThat(TestPostgres.query(database, "SELECT count(*) FROM upload_uses"))
                .containsExactly("0");
        assertThat(client.generation(id).getJsonArray("inputImages"))
                .isEqualTo(requestWithUpload(used).getJsonArray("inputImages"));
    }

    @Test
    void deletedUploadStaysUntilItsGenerationHasEnded() {
        // given
        simulator.script(FAILURE);
        String used = upload();
        String unused = upload();
        String id = client.create(requestWithUpload(used)).getString("id");
        await().atMost(LIMIT).until(() -> client.generation(id).getInteger("failedAttempts") == 1);

        // when
        for (String upload : List.of(used, unused)) {
            assertThat(client.send("DELETE", "/api/uploads/" + upload, Map.of(), null)
                            .status())
                    .isEqualTo(204);
            assertThat(client.get("/api/uploads/" + upload).status()).isEqualTo(404);
        }

        // then the used one still counts towards the quota
        await().atMost(LIMIT).until(() -> !exists(unused));
        assertThat(exists(used)).isTrue();
        upload();
        assertThat(client.send("POST", "/api/uploads", Map.of("Content-Type", "image/png"), IMAGE)
                        .status())
                .isEqualTo(429);
        makeDue();
        assertThat(client.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
    }

    @Test
    void retryRepeatsTheImagesWhileTheUploadExists() {
        // given
        simulator.script(new JsonObject().put("status", 400));
        String upload = upload();
        String failed = client.create(requestWithUpload(upload)).getString("id");
        assertThat(client.awaitEnd(failed).getString("status")).isEqualTo("FAILED");

        // when
        ApiResponse retried = client.retry(failed, Map.of());

        // then
        assertThat(retried.status()).as(retried.text()).isEqualTo(202);
        JsonObject ended = client.awaitEnd(retried.json().getString("id"));
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(ended.getJsonArray("inputImages"))
                .isEqualTo(requestWithUpload(upload).getJsonArray("inputImages"));
        assertThat(simulator.recordedRequests())
                .hasSize(2)
                .allSatisfy(request -> assertThat(request.getJsonArray("inputImages")
                                .getJsonObject(0)
                                .getString("sha256"))
                        .isEqualTo(DigestUtils.sha256Hex(IMAGE)));
        // and after the expiry it is rejected
        expire(upload);
        ApiResponse late = client.retry(failed, Map.of());
        assertThat(late.status()).isEqualTo(400);
        assertThat(late.json().getJsonArray("errors").getJsonObject(0).getString("pointer"))
                .isEqualTo("#/inputImages/0/uploadId");
    }

    @Test
    void idempotencyKeyCoversTheImages() {
        // given
        String upload = upload();
        Map<String, String> key = Map.of("Idempotency-Key", "edit-1");
        ApiResponse created = client.post(requestWithUpload(upload).encode(), key);
        assertThat(created.status()).isEqualTo(202);

        // when, then another image needs another key
        assertThat(client.post(requestWithUpload(upload()).encode(), key).status())
                .isEqualTo(422);
        // and the same request is answered after the expiry too
        expire(upload);
        ApiResponse replayed = client.post(requestWithUpload(upload).encode(), key);
        assertThat(replayed.header("Idempotency-Replayed")).isEqualTo("true");
        assertThat(replayed.json().getString("id")).isEqualTo(created.json().getString("id"));
    }

    @ParameterizedTest
    @CsvSource({"/image.png", "/moved.png"})
    void fetchesImageFromUrl(String path) {
        // when
        JsonObject ended = client.awaitEnd(client.create(requestWithUrl(path)).getString("id"));

        // then
        assertThat(ended.getString("status")).as(ended.encode()).isEqualTo("COMPLETE");
        assertThat(simulator.recordedRequests())
                .singleElement()
                .satisfies(request -> assertThat(request.getJsonArray("inputImages")
                                .getJsonObject(0)
                                .getString("sha256"))
                        .isEqualTo(DigestUtils.sha256Hex(IMAGE)));
        assertThat(ended.getJsonArray("inputImages"))
                .isEqualTo(requestWithUrl(path).getJsonArray("inputImages"));
    }

    @ParameterizedTest
    @CsvSource({
        "/missing.png, INPUT_IMAGE_NOT_FETCHED",
        "/error.png, INPUT_IMAGE_NOT_FETCHED",
        "/loop.png, INPUT_IMAGE_NOT_FETCHED",
        "/internal.png, INPUT_IMAGE_URL_NOT_ALLOWED",
        "/page.html, INPUT_IMAGE_INVALID",
        "/large.png, INPUT_IMAGE_INVALID"
    })
    void failedFetchFailsTheGenerationOnly(String path, String code) {
        // when
        JsonObject ended = client.awaitEnd(client.create(requestWithUrl(path)).getString("id"));

        // then the failure is permanent, and nothing was submitted
        assertThat(ended.getString("status")).isEqualTo("FAILED");
        assertThat(ended.getJsonObject("error").getString("code")).isEqualTo(code);
        assertThat(ended.getJsonObject("error").getString("errorClass")).isEqualTo("TERMINAL_INPUT");
        assertThat(ended.getJsonArray("attempts")).hasSize(1);
        assertThat(ended.getInteger("submissions")).isZero();
        assertThat(simulator.recordedRequests()).isEmpty();
        // and the AI server is not blamed: a breaker that opens after one failure stays closed
        assertThat(client.awaitEnd(client.create("a boat")).getString("status")).isEqualTo("COMPLETE");
    }
}
