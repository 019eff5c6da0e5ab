package dev.darkroom.e2e;

import static dev.darkroom.testing.Problems.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.InProcessDarkroom;
import dev.darkroom.access.ApiKey;
import dev.darkroom.access.Caller;
import dev.darkroom.access.KeyCabinet;
import dev.darkroom.access.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Invariants;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two processes, one of which erases a user while an attempt of theirs is under way. */
@Timeout(300)
class UserErasureIT {
    private static final String USER = "erased-alice";
    private static final String PROMPT = "a secret-lighthouse for nobody else";

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.newDatabase();
    private AiServer aiServer;

    @BeforeEach
    void start() {
        aiServer = new AiServer(Duration.ofMillis(10));
    }

    @AfterEach
    void stop() {
        aiServer.close();
    }

    private Darkroom process(String name, int concurrency) throws IOException {
        return InProcessDarkroom.start(
                Files.createDirectory(directory.resolve(name)),
                DarkroomSettings.quick()
                        .database(database)
                        .aiServer(aiServer)
                        .with("DARKROOM_AUTH", "required")
                        .with("DARKROOM_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.1/32")
                        .with("DARKROOM_WEBHOOKS_ALLOW_HTTP", "true")
                        .with("DARKROOM_WEBHOOKS_ALLOWED_PORTS", "9")
                        .with("DARKROOM_WORKER_CONCURRENCY", String.valueOf(concurrency))
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    private String key(String user, Role role) {
        ApiKey key = ApiKey.mint(new SecureRandom());
        try (KeyCabinet cabinet = KeyCabinet.open(database)) {
            cabinet.add(key, new Caller(user, role), null);
        }
        return key.secret();
    }

    @Test
    void nothingOfAnErasedUserRemains() throws Exception {
        try (Darkroom first = process("first", 1);
                Darkroom second = process("second", 0)) {
            // given a user with something in every table, and somebody else
            ApiClient alice = first.client().withKey(key(USER, Role.USER));
            ApiClient bob = first.client().withKey(key("bob", Role.USER));
            ApiClient admin = first.client().withKey(key("admin", Role.ADMIN));
            send(
                    alice,
                    "POST",
                    "/api/webhooks",
                    new JsonObject().put("url", "http://127.0.0.1:9/" + USER).put("description", PROMPT));
            ApiClient.Answer keyed = alice.post(
                    new JsonObject().put("prompt", PROMPT).encode(), Map.of("Idempotency-Key", USER + "-key"));
            assertThat(keyed.status()).isEqualTo(202);
            JsonObject ended = alice.awaitEnd(keyed.json().getString("id"));
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            send(
                    alice,
                    "POST",
                    "/api/notifications/ack",
                    new JsonObject().put("seq", 1).put("subscriber", "phone"));
            send(alice, "POST", "/api/notifications/ticket", null);
            JsonObject others = bob.awaitEnd(bob.create("somebody else's"));
            // and one under way, one waiting, and one in the cache of the second process
            aiServer.script(new JsonObject().put("hang", true));
            String running = alice.create(PROMPT + ", under way");
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> aiServer.requests(running).size() == 1);
            String waiting = alice.create(PROMPT + ", waiting");
            ApiClient elsewhere = second.client().withKey(key(USER, Role.USER));
            assertThat(elsewhere.generation(ended.getString("id")).getString("status"))
                    .isEqualTo("COMPLETE");
            assertThat(found()).isNotEmpty();

            // when
            assertProblem(
                    bob.send("DELETE", "/api/users/" + USER, Map.of(), null), 403, "forbidden", "/api/users/" + USER);
            assertThat(admin.send("DELETE", "/api/users/" + USER, Map.of(), null)
                            .status())
                    .isIn(202, 204);

            // then nothing is left in any table or file
            await("no trace")
                    .atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(found()).isEmpty());
            assertThat(TestPostgres.query(database, "SELECT count(*) FROM user_erasures"))
                    .containsExactly("0");
            assertThat(files()).hasSize(1);
            // and the call was broken off, and nobody gets in
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> aiServer.requests(running).get(0).getString("closedAt") != null);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> elsewhere.get("/api/generation/" + waiting).status() == 401);
            assertThat(alice.get("/api/generation/" + waiting).status()).isEqualTo(401);
            // and the caches of the other process have forgotten it
            ApiClient again = second.client().withKey(key(USER, Role.USER));
            for (String id : List.of(ended.getString("id"), running, waiting)) {
                assertThat(again.get("/api/generation/" + id).status()).isEqualTo(404);
            }
            assertThat(first.log())
                    .anyMatch(line -> line.contains("audit: user erasure requested")
                            && line.contains("admin=admin")
                            && line.contains("user=" + USER));
            // and nobody else lost anything
            assertThat(bob.generation(others.getString("id")).getString("status"))
                    .isEqualTo("COMPLETE");
        }
        Invariants.check(database, directory.resolve("images"));
    }

    private static void send(ApiClient client, String method, String path, JsonObject body) {
        ApiClient.Answer answer = client.send(
                method,
                path,
                body == null ? Map.of() : Map.of("Content-Type", "application/json"),
                body == null ? null : body.toBuffer().getBytes());
        assertThat(answer.status()).as(answer.text()).isBetween(200, 299);
    }

    /** The rows and files that name the user or have a part of the prompt, in the clear or as bytes. */
    private List<String> found() {
        List<String> tables = TestPostgres.query(
                database,
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace");
        assertThat(tables).hasSizeGreaterThan(20);
        List<String> needles = Stream.of(USER, "secret-lighthouse")
                .flatMap(text -> Stream.of(text, HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8))))
                .toList();
        List<String> found = new java.util.ArrayList<>();
        for (String table : tables) {
            for (String needle : needles) {
                found.addAll(TestPostgres.query(
                        database,
                        "SELECT '" + table + " ' || t::text FROM " + table + " t WHERE t::text LIKE '%" + needle
                                + "%'"));
            }
        }
        for (Path file : files()) {
            try {
                String content = Files.readString(file, StandardCharsets.ISO_8859_1);
                if (content.contains(USER) || content.contains("secret-lighthouse")) {
                    found.add(file.toString());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return found;
    }

    private List<Path> files() {
        try (Stream<Path> all = Files.walk(directory.resolve("images"))) {
            return all.filter(file -> Files.isRegularFile(file)
                            && !file.getFileName().toString().startsWith("."))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
