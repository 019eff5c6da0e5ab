package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.image.TestImages;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomFleet;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The connection breaks after PostgreSQL has committed and before it can confirm. The server looks up the outcome, so
 * nothing is lost or done twice.
 */
@Tag("database")
@Timeout(300)
class UnknownCommitOutcomeIT {
    private static final String BACKEND = "named-in-claims";

    /** Text that only statements that lease contain after the name of the backend. Heartbeats contain the name as well. */
    private static final String SELECTION = BackendSelection.ONLY.name();

    @TempDir
    static Path directory;

    private static DatabaseUrl database;
    private static TcpProxy proxy;
    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance darkroomInstance;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        database = TestPostgres.migratedDatabase();
        proxy = new TcpProxy(database.host(), database.port());
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        DatabaseUrl proxied = DarkroomFleet.throughProxy(proxy, database);
        darkroomInstance = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(proxied)
                        .aiServer(inProcessSimulator)
                        .with("DARKROOM_BACKEND_NAME", BACKEND)
                        // Without polling, the claim whose response is lost is one that found work.
                        .with("DARKROOM_WORKER_POLL_INTERVAL", "1h"));
        client = darkroomInstance.client();
    }

    @AfterAll
    static void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
        proxy.close();
    }

    @BeforeEach
    void resetAiServer() {
        inProcessSimulator.reset();
    }

    @AfterEach
    void databaseIsConsistent() {
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
        assertThat(darkroomInstance.log()).noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
    }

    @Test
    void findsStoredGenerationAfterLostResponse() {
        // given
        String prompt = "stored without confirmation";
        CompletableFuture<Void> lost = proxy.dropResponseTo(prompt);

        // when
        ApiResponse apiResponse =
                client.post(new JsonObject().put("prompt", prompt).encode());

        // then the client gets the generation that was stored
        assertThat(lost).isCompleted();
        assertThat(apiResponse.status()).as(apiResponse.text()).isEqualTo(202);
        assertThat(TestPostgres.query(database, "SELECT id FROM generations WHERE prompt = '" + prompt + "'"))
                .containsExactly(apiResponse.json().getString("id"));
        assertCompletesWithOneSubmission(apiResponse.json().getString("id"));
    }

    @Test
    void findsStoredUploadAfterLostResponse() {
        // given
        CompletableFuture<Void> lost = proxy.dropResponseTo("image/png", "COMMIT");

        // when
        ApiClient.ApiResponse response = darkroomInstance
                .client()
                .send("POST", "/api/uploads", Map.of("Content-Type", "image/png"), TestImages.png(64, 64));

        // then
        assertThat(lost).isCompleted();
        assertThat(response.status()).as(response.text()).isEqualTo(201);
        assertThat(TestPostgres.query(database, "SELECT id FROM uploads"))
                .containsExactly(response.json().getString("id"));
    }

    @Test
    void releasesClaimAfterLostResponse() {
        // given
        CompletableFuture<Void> lost = proxy.dropResponseTo(BACKEND, SELECTION);

        // when
        String id = client.create("claimed without confirmation");

        // then
        assertThat(lost).succeedsWithin(Duration.ofSeconds(60));
        assertThat(lease(id)).as("claimed").isEqualTo("t");

        // when the claim is old enough to be checked
        TestPostgres.execute(
                database, "UPDATE generation_queue SET attempt_started_at = attempt_started_at - interval '15 s'");

        // then
        assertCompletesWithOneSubmission(id);
        assertThat(AttemptJson.attemptsOf(client.generation(id)))
                .as("no attempt was used up")
                .hasSize(1);
        assertThat(darkroomInstance.log(id)).anyMatch(line -> line.contains("orphaned lease released"));
    }

    @Test
    void recordsSuccessOnceAfterLostResponse() {
        // given
        CompletableFuture<Void> lost = proxy.dropResponseTo("image/png", "COMMIT");

        // when
        String id = client.create("ended without confirmation");

        // then
        assertThat(lost).succeedsWithin(Duration.ofSeconds(60));
        assertCompletesWithOneSubmission(id);
        awaitLine(id, "attempt was already recorded");
    }

    @Test
    void recordsFailureOnceAfterLostResponse() {
        // given
        inProcessSimulator.script(new JsonObject().put("status", 500));
        CompletableFuture<Void> lost = proxy.dropResponseTo("RETRYABLE");

        // when
        String id = client.create("failed once without confirmation");

        // then
        assertThat(lost).succeedsWithin(Duration.ofSeconds(60));
        JsonObject ended = client.awaitEnd(id);
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(AttemptJson.attemptsOf(ended).stream().map(AttemptJson::summary))
                .containsExactly("RETRYABLE SERVER_ERROR SERVER_ERROR counted", "SUCCEEDED");
        assertThat(inProcessSimulator.recordedRequests(id)).hasSize(2);
        awaitLine(id, "attempt was already recorded");
    }

    private static void assertCompletesWithOneSubmission(String id) {
        assertThat(client.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        assertThat(inProcessSimulator.recordedRequests(id)).hasSize(1);
    }

    private static String lease(String id) {
        List<String> rows = TestPostgres.query(
                database, "SELECT lease_owner IS NOT NULL FROM generation_queue WHERE generation_id = '" + id + "'");
        return String.join(" ", rows);
    }

    private static void awaitLine(String id, String text) {
        Awaitility.await().until(() -> darkroomInstance.log(id).stream().anyMatch(line -> line.contains(text)));
    }
}
