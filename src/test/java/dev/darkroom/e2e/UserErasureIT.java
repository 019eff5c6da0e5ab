package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.JwksServer;
import dev.darkroom.testing.JwtSigningKey;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two processes, one of which erases a user while it runs an attempt of that user. */
@Timeout(300)
class UserErasureIT {
    private static final String USER = "erased-alice";
    private static final String PROMPT = "a confidential secret-lighthouse";

    @TempDir
    Path directory;

    private static final JwtSigningKey SIGNING_KEY = JwtSigningKey.rsa("rsa-1");

    /** Tables that contain the user's name or prompt once every feature was used. */
    private static final List<String> TABLES = List.of(
            "api_keys",
            "drained_backends",
            "generation_queue",
            "generation_webhook_urls",
            "generations",
            "idempotency_keys",
            "notifications",
            "pending_uploads",
            "stream_tickets",
            "subscriber_cursors",
            "uploads",
            "user_streams",
            "webhook_deliveries",
            "webhook_queue",
            "user_webhook_secrets",
            "webhooks");

    private final DatabaseUrl database = TestPostgres.newDatabase();
    private JwksServer jwksServer;
    private InProcessSimulator inProcessSimulator;

    @BeforeEach
    void start() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        jwksServer = new JwksServer(SIGNING_KEY);
    }

    @AfterEach
    void stop() {
        inProcessSimulator.close();
        jwksServer.close();
    }

    private DarkroomInstance startNode(String name, int concurrency) throws IOException {
        return InProcessDarkroom.start(
                Files.createDirectory(directory.resolve(name)),
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .aiServer(inProcessSimulator)
                        .with("DARKROOM_AUTH", "required")
                        .with("DARKROOM_JWT_ISSUER", "https://login.example.org/")
                        .with("DARKROOM_JWT_AUDIENCE", "darkroom")
                        .with("DARKROOM_JWT_JWKS_URL", jwksServer.url().toString())
                        .with("DARKROOM_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.1/32")
                        .with("DARKROOM_WEBHOOKS_ALLOW_HTTP", "true")
                        .with("DARKROOM_WEBHOOKS_ALLOWED_PORTS", "9")
                        .workerConcurrency(concurrency)
                        .with(imageStore()));
    }

    /** Returns the settings of the image store. */
    Map<String, String> imageStore() {
        return Map.of("DARKROOM_IMAGE_DIR", directory.resolve("images").toString());
    }

    private static String token(String user) {
        long now = Instant.now().getEpochSecond();
        return SIGNING_KEY.sign(
                new JsonObject().put("alg", "RS256").put("kid", SIGNING_KEY.id()),
                new JsonObject()
                        .put("iss", "https://login.example.org/")
                        .put("aud", "darkroom")
                        .put("sub", user)
                        .put("iat", now)
                        .put("exp", now + 3_600));
    }

    private String key(String user, Role role) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(database)) {
            keyAdmin.create(key, new Principal(user, role), null);
        }
        return key.secret();
    }

    private static String upload(ApiClient client) {
        ApiClient.ApiResponse response =
                client.send("POST", "/api/uploads", Map.of("Content-Type", "image/png"), TestImages.png(64, 64));
        assertThat(response.status()).as(response.text()).isEqualTo(201);
        return response.json().getString("id");
    }

    @Test
    void removesEveryTraceOfUser() throws Exception {
        try (DarkroomInstance first = startNode("first", 1);
                DarkroomInstance second = startNode("second", 0)) {
            // given a user with rows in every table, and another user
            ApiClient alice = first.client().withKey(key(USER, Role.USER));
            ApiClient bob = first.client().withKey(key("bob", Role.USER));
            ApiClient admin = first.client().withKey(key("admin", Role.ADMIN));
            send(
                    alice,
                    "POST",
                    "/api/webhooks",
                    new JsonObject().put("url", "http://127.0.0.1:9/" + USER).put("description", PROMPT));
            ApiClient.ApiResponse keyed = alice.post(
                    new JsonObject().put("prompt", PROMPT).encode(), Map.of("Idempotency-Key", USER + "-key"));
            assertThat(keyed.status()).isEqualTo(202);
            JsonObject ended = alice.awaitEnd(keyed.json().getString("id"));
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            send(
                    alice,
                    "POST",
                    "/api/notifications/ack",
                    new JsonObject().put("seq", 1).put("subscriber", "phone"));
            // and two uploads, one of which the running generation uses
            String used = upload(alice);
            upload(alice);
            upload(bob);
            send(alice, "POST", "/api/notifications/ticket", null);
            send(alice, "GET", "/api/webhook-secret", null);
            ApiClient token = first.client().withKey(token(USER));
            assertThat(token.generation(ended.getString("id")).getString("status"))
                    .isEqualTo("COMPLETE");
            JsonObject bobsGeneration = bob.awaitEnd(bob.create("a generation of another user"));
            // and a running generation, a queued one, and one in the cache of the second process
            inProcessSimulator.script(new JsonObject().put("hang", true));
            String running = alice.post(new JsonObject()
                            .put("prompt", PROMPT + ", running")
                            .put("inputImages", new JsonArray().add(new JsonObject().put("uploadId", used)))
                            .put("webhookUrl", "http://127.0.0.1:9/" + USER)
                            .encode())
                    .json()
                    .getString("id");
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> inProcessSimulator.recordedRequests(running).size() == 1);
            String waiting = alice.create(PROMPT + ", queued");
            ApiClient aliceAtSecond = second.client().withKey(key(USER, Role.USER));
            assertThat(aliceAtSecond.generation(ended.getString("id")).getString("status"))
                    .isEqualTo("COMPLETE");
            // and an AI server that the user drained as an admin, and an upload that is being stored
            TestPostgres.execute(
                    database,
                    "INSERT INTO drained_backends (name, drained_by) VALUES ('gpu-9', '" + USER + "')",
                    "INSERT INTO pending_uploads (id, user_id) VALUES (gen_random_uuid(), '" + USER + "')");
            assertThat(tablesWithTraces()).containsAll(TABLES);
            assertThat(traces()).anyMatch(row -> row.startsWith("generations ") && row.contains("secret-lighthouse"));
            assertThat(files()).hasSize(5);
            assertThat(TestPostgres.query(database, "SELECT count(*) FROM upload_uses"))
                    .containsExactly("1");

            // when
            assertProblem(
                    bob.send("DELETE", "/api/users/" + USER, Map.of(), null), 403, "forbidden", "/api/users/" + USER);
            await("204").atMost(Duration.ofSeconds(120)).until(() -> {
                int status = admin.send("DELETE", "/api/users/" + USER, Map.of(), null)
                        .status();
                assertThat(status).isIn(202, 204);
                return status == 204;
            });

            // then only the erasure request is left in tables and files
            assertThat(files()).hasSize(2);
            assertThat(TestPostgres.query(database, "SELECT user_id FROM uploads"))
                    .containsExactly("bob");
            assertThat(TestPostgres.query(database, "SELECT count(*) FROM upload_uses"))
                    .containsExactly("0");
            assertThat(tablesWithTraces()).isSubsetOf("user_erasures");
            assertThat(TestPostgres.query(database, "SELECT count(*) FROM erased_attempts"))
                    .containsExactly("0");
            assertThat(TestPostgres.query(database, "SELECT name FROM drained_backends"))
                    .containsExactly("gpu-9");
            // and the request is deleted as well
            await("no trace")
                    .atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(traces()).isEmpty());
            // and the call was aborted, and the user's credentials are rejected
            await().atMost(Duration.ofSeconds(60))
                    .until(() ->
                            inProcessSimulator.recordedRequests(running).get(0).getString("closedAt") != null);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> aliceAtSecond.get("/api/generation/" + waiting).status() == 401);
            assertThat(alice.get("/api/generation/" + waiting).status()).isEqualTo(401);
            // and the caches of the other process have dropped the generations
            ApiClient recreated = second.client().withKey(key(USER, Role.USER));
            for (String id : List.of(ended.getString("id"), running, waiting)) {
                assertThat(recreated.get("/api/generation/" + id).status()).isEqualTo(404);
            }
            assertThat(first.log())
                    .anyMatch(line -> line.contains("audit: user erasure requested")
                            && line.contains("admin=admin")
                            && line.contains("user=" + USER));
            // and the same user of the issuer starts without data
            assertThat(token.get("/api/generation/" + ended.getString("id")).status())
                    .isEqualTo(404);
            inProcessSimulator.script();
            assertThat(token.awaitEnd(token.create("a new start")).getString("status"))
                    .isEqualTo("COMPLETE");
            // and the other user lost nothing
            assertThat(bob.generation(bobsGeneration.getString("id")).getString("status"))
                    .isEqualTo("COMPLETE");
        }
        DatabaseInvariants.assertNoViolations(database, imageStore());
    }

    private static void send(ApiClient client, String method, String path, JsonObject body) {
        ApiClient.ApiResponse apiResponse = client.send(
                method,
                path,
                body == null ? Map.of() : Map.of("Content-Type", "application/json"),
                body == null ? null : body.toBuffer().getBytes());
        assertThat(apiResponse.status()).as(apiResponse.text()).isBetween(200, 299);
    }

    private List<String> tablesWithTraces() {
        return traces().stream()
                .map(row -> row.substring(0, row.indexOf(' ') < 0 ? row.length() : row.indexOf(' ')))
                .distinct()
                .toList();
    }

    /**
     * Returns the rows and files that contain the user's name or a part of the prompt, as text or as hexadecimal bytes.
     */
    private List<String> traces() {
        List<String> tables = TestPostgres.query(
                database,
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace");
        assertThat(tables).hasSizeGreaterThan(20);
        List<String> patterns = Stream.of(USER, "secret-lighthouse")
                .flatMap(text -> Stream.of(text, HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8))))
                .toList();
        List<String> traces = new java.util.ArrayList<>();
        for (String table : tables) {
            for (String pattern : patterns) {
                traces.addAll(TestPostgres.query(
                        database,
                        "SELECT '" + table + " ' || t::text FROM " + table + " t WHERE t::text LIKE '%" + pattern
                                + "%'"));
            }
        }
        files().forEach((name, bytes) -> {
            String content = new String(bytes, StandardCharsets.ISO_8859_1);
            if (content.contains(USER) || content.contains("secret-lighthouse")) {
                traces.add(name);
            }
        });
        return traces;
    }

    /** Returns the content of the files in the image store by their names, without the marker. */
    Map<String, byte[]> files() {
        Map<String, byte[]> files = new HashMap<>();
        try (Stream<Path> all = Files.walk(directory.resolve("images"))) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                if (!file.getFileName().toString().startsWith(".")) {
                    files.put(file.toString(), Files.readAllBytes(file));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }
}
