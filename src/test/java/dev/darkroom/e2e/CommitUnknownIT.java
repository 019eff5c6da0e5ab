package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.InProcessDarkroom;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.Answer;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Invariants;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
 * PostgreSQL has committed, and the connection breaks before it can say so. What came of it is looked up and not assumed:
 * nothing is lost and nothing done twice.
 */
@Tag("database")
@Timeout(300)
class CommitUnknownIT {
    /** Sent to the database by a claim alone. */
    private static final String BACKEND = "named-in-claims";

    @TempDir
    static Path directory;

    private static DatabaseUrl database;
    private static TcpProxy proxy;
    private static AiServer aiServer;
    private static Darkroom darkroom;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        database = TestPostgres.migratedDatabase();
        proxy = new TcpProxy(database.host(), database.port());
        aiServer = new AiServer(Duration.ofMillis(10));
        DatabaseUrl proxied =
                new DatabaseUrl("127.0.0.1", proxy.port(), database.database(), database.user(), database.password());
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomSettings.quick()
                        .database(proxied)
                        .aiServer(aiServer)
                        .with("DARKROOM_BACKEND_NAME", BACKEND)
                        // The claim whose answer is lost shall be one that found something.
                        .with("DARKROOM_WORKER_POLL", "1h"));
        client = darkroom.client();
    }

    @AfterAll
    static void stop() {
        darkroom.close();
        aiServer.close();
        proxy.close();
    }

    @BeforeEach
    void forget() {
        aiServer.reset();
    }

    @AfterEach
    void allIsInOrder() {
        Invariants.check(database, directory.resolve("data/images"));
        assertThat(darkroom.log()).noneMatch(line -> line.startsWith("ERROR") || line.contains(" ERROR "));
    }

    @Test
    void whetherAGenerationIsStored() {
        // given
        String prompt = "stored, and nobody says so";
        CompletableFuture<Void> lost = proxy.loseAnswerTo(prompt);

        // when
        Answer answer = client.post(new JsonObject().put("prompt", prompt).encode());

        // then the caller is told of the one that was stored
        assertThat(lost).isCompleted();
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
        assertThat(TestPostgres.query(database, "SELECT id FROM generations WHERE prompt = '" + prompt + "'"))
                .containsExactly(answer.json().getString("id"));
        assertCompletesWithOneSubmission(answer.json().getString("id"));
    }

    @Test
    void whetherWorkIsClaimed() {
        // given
        CompletableFuture<Void> lost = proxy.loseAnswerTo(BACKEND);

        // when
        String id = client.create("claimed, and nobody says so");

        // then
        assertThat(lost).succeedsWithin(Duration.ofSeconds(60));
        assertThat(lease(id)).as("claimed").isEqualTo("t");

        // when the process has held it for so long that it looks
        TestPostgres.execute(
                database, "UPDATE generation_queue SET attempt_started_at = attempt_started_at - interval '15 s'");

        // then
        assertCompletesWithOneSubmission(id);
        assertThat(Attempts.of(client.generation(id))).as("it cost nothing").hasSize(1);
        assertThat(darkroom.log(id)).anyMatch(line -> line.contains("lease without an attempt given back"));
    }

    @Test
    void whetherASuccessIsRecorded() {
        // given
        CompletableFuture<Void> lost = proxy.loseAnswerTo("image/png", "COMMIT");

        // when
        String id = client.create("ended, and nobody says so");

        // then
        assertThat(lost).succeedsWithin(Duration.ofSeconds(60));
        assertCompletesWithOneSubmission(id);
        awaitLine(id, "attempt was already recorded");
    }

    @Test
    void whetherAFailureIsRecorded() {
        // given
        aiServer.script(new JsonObject().put("status", 500));
        CompletableFuture<Void> lost = proxy.loseAnswerTo("RETRYABLE");

        // when
        String id = client.create("failed once, and nobody says so");

        // then
        assertThat(lost).succeedsWithin(Duration.ofSeconds(60));
        JsonObject ended = client.awaitEnd(id);
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(Attempts.of(ended).stream().map(Attempts::told))
                .containsExactly("RETRYABLE SERVER_ERROR SERVER_ERROR counted", "SUCCEEDED");
        assertThat(aiServer.requests(id)).hasSize(2);
        awaitLine(id, "attempt was already recorded");
    }

    private static void assertCompletesWithOneSubmission(String id) {
        assertThat(client.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        assertThat(aiServer.requests(id)).hasSize(1);
    }

    private static String lease(String id) {
        List<String> rows = TestPostgres.query(
                database, "SELECT lease_owner IS NOT NULL FROM generation_queue WHERE generation_id = '" + id + "'");
        return String.join(" ", rows);
    }

    private static void awaitLine(String id, String text) {
        Awaitility.await().until(() -> darkroom.log(id).stream().anyMatch(line -> line.contains(text)));
    }
}
