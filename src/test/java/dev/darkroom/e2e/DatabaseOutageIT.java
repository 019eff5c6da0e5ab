package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static java.util.concurrent.CompletableFuture.runAsync;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Database outages: the API reports them, and work resumes without a restart and without loss. */
@Tag("database")
class DatabaseOutageIT {
    private static final Duration TIMEOUT = Duration.ofSeconds(60);
    private static final String PROMPT = "{\"prompt\":\"x\"}";

    @TempDir
    static Path directory;

    private static DatabaseUrl database;
    private static TcpProxy proxy;
    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance darkroomInstance;
    private static ApiClient client;
    private static ApiClient management;

    @BeforeAll
    static void start() {
        database = TestPostgres.migratedDatabase();
        proxy = new TcpProxy(database.host(), database.port());
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        DatabaseUrl proxied = DarkroomFleet.throughProxy(proxy, database);
        darkroomInstance = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .defaultDatabaseConnectTimeout()
                        .database(proxied)
                        .aiServer(inProcessSimulator));
        client = darkroomInstance.client();
        management = new ApiClient(darkroomInstance.management());
    }

    @AfterAll
    static void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
        proxy.close();
    }

    @AfterEach
    void noInternalErrorIsLogged() {
        assertThat(darkroomInstance.log())
                .noneMatch(line -> line.startsWith("ERROR request failed") || line.startsWith("ERROR command failed"));
    }

    @Test
    void survivesRefusedConnections() {
        // given
        JsonObject ended = client.awaitEnd(client.create("ended before the outage"));
        inProcessSimulator.script(new JsonObject().put("delay", "2s"));
        String runningId = createRunning();

        // when
        proxy.refuseConnections();

        // then
        assertUnavailable(() -> client.post(PROMPT), "/api/generation");
        assertUnavailable(() -> client.get("/api/generation/" + runningId), "/api/generation/" + runningId);
        String image = URI.create(ended.getJsonArray("imageUrls").getString(0)).getPath();
        assertUnavailable(() -> client.get(image), image);
        assertThat(client.send("HEAD", image, Map.of(), null).status()).isEqualTo(503);
        assertNotReady();

        // when
        proxy.acceptConnections();

        // then
        assertRecovers(runningId);
        assertThat(client.generation(ended.getString("id"))).isEqualTo(ended);
        assertThat(client.get(image).status()).isEqualTo(200);
    }

    @Test
    void survivesUnresponsiveDatabase() {
        // given
        inProcessSimulator.script(new JsonObject().put("delay", "2s"));
        String runningId = createRunning();

        // when
        proxy.blackhole();
        CompletableFuture<Void> rejectedPost =
                runAsync(() -> assertUnavailable(() -> client.post(PROMPT), "/api/generation"));
        CompletableFuture<Void> rejectedGet = runAsync(() ->
                assertUnavailable(() -> client.get("/api/generation/" + runningId), "/api/generation/" + runningId));

        // then
        assertNotReady();
        assertThat(rejectedPost).succeedsWithin(TIMEOUT.multipliedBy(2));
        assertThat(rejectedGet).succeedsWithin(TIMEOUT.multipliedBy(2));

        // when
        proxy.resumeForwarding();

        // then
        assertRecovers(runningId);
    }

    /** Detecting a silent connection takes long for a test: see {@code Database}. */
    @Test
    @Tag("chaos")
    void replacesConnectionsThatTheDatabaseForgot() {
        // given
        inProcessSimulator.script(new JsonObject().put("delay", "2s"));
        String runningId = createRunning();

        // when
        proxy.silenceConnections();

        // then
        assertNotReady();
        assertRecovers(runningId, Duration.ofSeconds(35));
    }

    @Test
    void survivesDisallowedConnections() {
        // given
        inProcessSimulator.script(new JsonObject().put("delay", "2s"));
        String runningId = createRunning();
        DatabaseUrl server =
                new DatabaseUrl(database.host(), database.port(), "postgres", database.user(), database.password());

        // when
        TestPostgres.execute(server, "ALTER DATABASE " + database.database() + " ALLOW_CONNECTIONS false");
        TestPostgres.terminateBackends(database.database());

        // then
        assertUnavailable(() -> client.post(PROMPT), "/api/generation");
        assertUnavailable(() -> client.get("/api/generation/" + runningId), "/api/generation/" + runningId);
        assertNotReady();

        // when
        TestPostgres.execute(server, "ALTER DATABASE " + database.database() + " ALLOW_CONNECTIONS true");

        // then
        assertRecovers(runningId);
    }

    @Test
    void survivesTerminatedConnections() {
        // given
        List<String> accepted = new ArrayList<>();

        // when
        for (int i = 0; i < 20; i++) {
            if (i % 4 == 0) {
                TestPostgres.terminateBackends(database.database());
            }
            ApiResponse apiResponse = client.post(PROMPT);
            assertThat(apiResponse.status()).as(apiResponse.text()).isIn(202, 503);
            if (apiResponse.status() == 202) {
                accepted.add(apiResponse.json().getString("id"));
            }
        }

        // then
        assertThat(accepted).isNotEmpty();
        accepted.forEach(DatabaseOutageIT::assertCompletes);
    }

    /** Creates a generation and returns its id when the AI server has received it. */
    private static String createRunning() {
        String id = client.create("running");
        Awaitility.await()
                .atMost(TIMEOUT)
                .until(() -> !inProcessSimulator.recordedRequests(id).isEmpty());
        return id;
    }

    private static void assertUnavailable(Supplier<ApiResponse> request, String instance) {
        long started = System.nanoTime();
        ApiResponse apiResponse = request.get();
        assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(TIMEOUT);
        assertProblem(apiResponse, 503, "unavailable", instance);
        assertThat(Integer.parseInt(apiResponse.header("Retry-After"))).isBetween(1, 60);
    }

    private static void assertNotReady() {
        ApiResponse ready = Awaitility.await()
                .atMost(TIMEOUT)
                .until(() -> management.get("/health/ready"), apiResponse -> apiResponse.status() == 503);
        assertThat(checks(ready)).contains("database DOWN", "accepting UP");
        assertThat(management.get("/health/live").status()).isEqualTo(200);
    }

    private static void assertRecovers(String accepted) {
        assertRecovers(accepted, Duration.ofSeconds(60));
    }

    private static void assertRecovers(String accepted, Duration atMost) {
        ApiResponse ready = Awaitility.await()
                .atMost(atMost)
                .until(() -> management.get("/health/ready"), apiResponse -> apiResponse.status() == 200);
        assertThat(checks(ready))
                .containsExactlyInAnyOrder("database UP", "node UP", "databaseClock UP", "images UP", "accepting UP");
        assertCompletes(accepted);
        assertCompletes(client.create("accepted afterwards"));
    }

    private static void assertCompletes(String id) {
        JsonObject ended = client.awaitEnd(id);
        assertThat(ended.getString("status")).as(ended.encode()).isEqualTo("COMPLETE");
        assertThat(ended.getJsonArray("attempts").stream()
                        .filter(attempt -> "SUCCEEDED".equals(((JsonObject) attempt).getString("outcome"))))
                .hasSize(1);
    }

    private static List<String> checks(ApiResponse health) {
        JsonArray checks = health.json().getJsonArray("checks");
        return checks.stream()
                .map(JsonObject.class::cast)
                .map(check -> check.getString("id") + " " + check.getString("status"))
                .toList();
    }
}
