package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two services on one database and two AI servers: drain, enable, nodes and queue. */
@Timeout(300)
class FleetAdministrationIT {
    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private InProcessSimulator a;
    private InProcessSimulator b;
    private DarkroomInstance first;
    private DarkroomInstance second;
    private ApiClient admin;
    private ApiClient user;

    @BeforeEach
    void start() throws IOException {
        a = new InProcessSimulator(Duration.ofMillis(5));
        b = new InProcessSimulator(Duration.ofMillis(5));
        first = startNode("first");
        second = startNode("second");
        admin = first.client().withKey(key("root", Role.ADMIN));
        user = first.client().withKey(key("ann", Role.USER));
    }

    @AfterEach
    void stop() {
        first.close();
        second.close();
        a.close();
        b.close();
    }

    private DarkroomInstance startNode(String name) throws IOException {
        Path conf = Files.writeString(directory.resolve(name + ".yaml"), """
                backends:
                  a:
                    url: %s
                  b:
                    url: %s
                models:
                  shared: a=1, b=1
                """.formatted(a.url(), b.url()));
        return InProcessDarkroom.start(
                Files.createDirectory(directory.resolve(name)),
                DarkroomInstanceSettings.forTests()
                        .smallProcess()
                        .database(database)
                        .with("DARKROOM_CONF", conf.toString())
                        .with("DARKROOM_AUTH", "required")
                        .with("DARKROOM_NODE_HEARTBEAT_INTERVAL", "200ms")
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    private String key(String name, Role role) {
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keyAdmin = ApiKeyAdmin.open(database)) {
            keyAdmin.create(key, new Principal(name, role), null);
        }
        return key.secret();
    }

    private static ApiClient.ApiResponse post(ApiClient client, String path) {
        return client.send("POST", path, Map.of(), null);
    }

    /** Returns the AI server with its states on the nodes, as the API of one node shows it. */
    private static JsonObject backend(ApiClient client, String name) {
        return objects(client.get("/api/backends").json(), "backends")
                .filter(each -> each.getString("name").equals(name))
                .findFirst()
                .orElseThrow();
    }

    private static Stream<JsonObject> objects(JsonObject json, String list) {
        JsonArray array = json.getJsonArray(list);
        return array.stream().map(JsonObject.class::cast);
    }

    /** Waits until both nodes report whether they apply a drain. */
    private void awaitDrained(boolean drained) {
        Awaitility.await("drained: " + drained)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(50))
                .until(() -> objects(backend(admin, "a"), "nodes")
                                .filter(node -> node.getBoolean("drained") == drained)
                                .count()
                        == 2);
    }

    private void generate(int count) {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ids.add(user.create("a pier"));
        }
        ids.forEach(id -> assertThat(user.awaitEnd(id).getString("status")).isEqualTo("COMPLETE"));
    }

    @Test
    void currentUserHasTheRoleThatAdministrationRequires() {
        assertThat(admin.get("/api/user").json())
                .isEqualTo(new JsonObject().put("name", "root").put("admin", true));
        assertThat(user.get("/api/user").json())
                .isEqualTo(new JsonObject().put("name", "ann").put("admin", false));
        assertProblem(first.client().get("/api/user"), 401, "unauthorized", "/api/user");
    }

    @Test
    void drainedAiServerGetsNoCallsOfAnyNodeUntilItIsEnabled() {
        // given
        ApiClient adminOfSecond = second.client().withKey(key("root-2", Role.ADMIN));

        // when
        ApiClient.ApiResponse response = post(admin, "/api/backends/a/drain");

        // then
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.json().getBoolean("drained")).isTrue();
        awaitDrained(true);
        generate(30);
        assertThat(a.recordedRequests()).isEmpty();
        assertThat(b.recordedRequests()).hasSize(30);

        // when it is drained again by another admin, the first one stays
        assertThat(post(adminOfSecond, "/api/backends/a/drain").json().getString("drainedBy"))
                .isEqualTo("root");
        assertThat(backend(adminOfSecond, "a").getString("drainedAt"))
                .isEqualTo(response.json().getString("drainedAt"));

        // when
        assertThat(post(adminOfSecond, "/api/backends/a/enable").json().getBoolean("drained"))
                .isFalse();
        awaitDrained(false);
        generate(10);

        // then
        assertThat(a.recordedRequests()).isNotEmpty();
        assertThat(first.log())
                .anyMatch(line -> line.contains("audit: backend drain requested") && line.contains("admin=root "))
                .anyMatch(line -> line.contains("audit: backend enable requested") && line.contains("admin=root-2 "));
    }

    @Test
    void nodeThatStartsLaterAppliesTheDrain() throws IOException {
        // given
        post(admin, "/api/backends/a/drain");

        // when
        try (DarkroomInstance third = startNode("third")) {
            JsonObject own = objects(
                            new ApiClient(third.management()).get("/backends").json(), "backends")
                    .findFirst()
                    .orElseThrow();

            // then
            assertThat(own.getString("name")).isEqualTo("a");
            assertThat(own.getBoolean("drained")).isTrue();
        }
    }

    @Test
    void showsBackendsNodesAndQueue() {
        // given
        awaitDrained(false);
        generate(1);

        // then
        JsonObject backend = backend(admin, "a");
        assertThat(backend.getString("type")).isEqualTo("openai");
        assertThat(backend.getJsonArray("models")).containsExactly("shared");
        assertThat(backend.containsKey("drainedBy")).isFalse();
        List<JsonObject> nodes =
                objects(admin.get("/api/nodes").json(), "nodes").toList();
        assertThat(nodes)
                .hasSize(2)
                .allSatisfy(node -> assertThat(objects(node, "backends"))
                        .extracting(state -> state.getString("name"), state -> state.getString("breaker"))
                        .containsExactly(tuple("a", "CLOSED"), tuple("b", "CLOSED")));
        assertThat(objects(backend, "nodes").map(node -> node.getString("node")))
                .containsExactlyElementsOf(
                        nodes.stream().map(node -> node.getString("id")).toList());
        assertThat(objects(admin.get("/api/queue").json(), "models"))
                .containsExactly(new JsonObject()
                        .put("model", "shared")
                        .put("configured", true)
                        .put("waiting", 0)
                        .put("running", 0)
                        .put("users", new JsonArray()));

        // when all AI servers are drained
        post(admin, "/api/backends/a/drain");
        post(admin, "/api/backends/b/drain");
        Awaitility.await("both drained on both nodes")
                .atMost(Duration.ofSeconds(60))
                .until(() -> objects(admin.get("/api/nodes").json(), "nodes")
                        .flatMap(node -> objects(node, "backends"))
                        .allMatch(state -> state.getBoolean("drained")));
        String id = user.create("a pier");

        // then
        JsonObject queue =
                objects(admin.get("/api/queue").json(), "models").findFirst().orElseThrow();
        assertThat(queue.getInteger("waiting")).isEqualTo(1);
        assertThat(queue.getJsonArray("users"))
                .containsExactly(new JsonObject().put("user", "ann").put("waiting", 1));
        assertThat(queue.getInteger("oldestWaitSeconds")).isNotNegative();

        // when
        post(admin, "/api/backends/b/enable");

        // then
        assertThat(user.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
    }

    @Test
    void requiresTheAdminRole() {
        for (String path : List.of("/api/backends", "/api/nodes", "/api/queue")) {
            assertProblem(user.get(path), 403, "forbidden", path);
            assertThat(first.client().get(path).status()).isEqualTo(401);
            assertThat(admin.send("HEAD", path, Map.of(), null).status()).isEqualTo(200);
        }
        for (String path : List.of("/api/backends/a/drain", "/api/backends/a/enable", "/api/backends/c/drain")) {
            assertProblem(post(user, path), 403, "forbidden", path);
            assertThat(post(first.client(), path).status()).isEqualTo(401);
        }
        assertThat(backend(admin, "a").getBoolean("drained")).isFalse();
    }

    @Test
    void unknownAiServerIsNotFound() {
        for (String path : List.of("/api/backends/c/drain", "/api/backends/c/enable")) {
            assertProblem(post(admin, path), 404, "not-found", path);
        }
        assertProblem(post(admin, "/api/backends/A%00/drain"), 400, "invalid-request", "/api/backends/A%00/drain");
    }
}
