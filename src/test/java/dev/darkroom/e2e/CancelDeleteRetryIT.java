package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Cancels, deletes and retries generations. One process takes the requests, another runs the attempts. */
@Timeout(300)
class CancelDeleteRetryIT {
    private static final JsonObject HANG = new JsonObject().put("hang", true);

    @TempDir
    static Path directory;

    @AutoClose
    private static InProcessFleet fleet;

    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance apiNode;
    private static DarkroomInstance workerNode;
    private static ApiClient client;

    @BeforeAll
    static void start() {
        fleet = new InProcessFleet(directory);
        inProcessSimulator = fleet.simulator();
        apiNode = fleet.start("apiNode", settings(0));
        workerNode = fleet.start("workerNode", settings(2));
        client = apiNode.client();
    }

    /** Returns settings with which database notifications alone wake the worker. */
    private static DarkroomInstanceSettings settings(int workerConcurrency) {
        return fleet.settings(workerConcurrency)
                .with("DARKROOM_WORKER_POLL_INTERVAL", "1h")
                .with("DARKROOM_NODE_REAP_INTERVAL", "1h");
    }

    /** Frees both slots of the worker for the next test. */
    @AfterEach
    void cancelAll() {
        inProcessSimulator.reset();
        TestPostgres.query(fleet.database(), "SELECT generation_id FROM generation_queue")
                .forEach(client::cancel);
    }

    private static String createRunning() {
        inProcessSimulator.script(HANG);
        String id = client.create("A pier");
        Awaitility.await("the submission")
                .atMost(Duration.ofSeconds(60))
                .until(() -> inProcessSimulator.recordedRequests(id).size() == 1);
        return id;
    }

    @Test
    void cancelAbortsCallOfAnotherProcess() {
        // given
        String id = createRunning();

        // when
        ApiResponse apiResponse = client.cancel(id);

        // then the generation has ended
        assertThat(apiResponse.status()).isEqualTo(200);
        JsonObject cancelled = apiResponse.json();
        assertThat(cancelled.getString("status")).isEqualTo("FAILED");
        assertThat(cancelled.getJsonObject("error"))
                .isEqualTo(new JsonObject()
                        .put("code", "CANCELLED")
                        .put("errorClass", "AMBIGUOUS")
                        .put("message", "The generation was cancelled.")
                        .put("retryable", true));
        assertThat(AttemptJson.attemptsOf(cancelled))
                .extracting(AttemptJson::summary)
                .containsExactly("INTERRUPTED AMBIGUOUS CANCELLED uncounted");
        assertThat(cancelled).isEqualTo(client.generation(id));

        // and the socket is closed, and the worker reports no lost lease
        Awaitility.await("closed submission socket")
                .atMost(Duration.ofSeconds(60))
                .until(() -> inProcessSimulator.recordedRequests(id).get(0).getValue("closedAt") != null);
        Awaitility.await("the log message")
                .atMost(Duration.ofSeconds(60))
                .until(() -> workerNode.log().stream()
                        .anyMatch(line -> line.contains("attempt interrupted") && line.contains(id)));
        assertThat(workerNode.log()).noneMatch(line -> line.contains("lease lost"));
        fleet.assertNoViolations();
    }

    @Test
    void cancelsQueuedGenerationWithoutAttempt() {
        // given two running generations that occupy the worker, and a queued one
        createRunning();
        createRunning();
        String id = client.create("A pier");

        // when
        ApiResponse apiResponse = client.cancel(id);

        // then
        assertThat(apiResponse.json().getJsonObject("error").getString("errorClass"))
                .isEqualTo("NOT_SENT");
        assertThat(apiResponse.json().getInteger("failedAttempts")).isZero();
        assertThat(inProcessSimulator.recordedRequests(id)).isEmpty();
    }

    @Test
    void rejectsCancelOfEndedOrUnknownGeneration() {
        // given
        String id = client.create("A pier");
        client.awaitEnd(id);
        String unknown = UUID.randomUUID().toString();

        // then
        assertProblem(client.cancel(id), 409, "conflict", "/api/generation/" + id + "/cancel");
        assertThat(client.cancel(id).json().getString("detail")).isEqualTo("The generation has already ended.");
        assertProblem(client.cancel(unknown), 404, "not-found", "/api/generation/" + unknown + "/cancel");
    }

    @Test
    void deletesGenerationAndItsImages() throws IOException {
        // given a generation that both processes have returned
        List<Path> before = imageFiles();
        String id = client.create("A pier");
        JsonObject ended = client.awaitEnd(id);
        assertThat(workerNode.client().generation(id).getString("status")).isEqualTo("COMPLETE");
        String imagePath = imagePathOf(ended);
        assertThat(client.get(imagePath).status()).isEqualTo(200);
        assertThat(imageFiles()).hasSize(before.size() + 1);

        // when
        ApiResponse apiResponse = client.delete(id);

        // then
        assertThat(apiResponse.status()).isEqualTo(204);
        assertThat(apiResponse.body()).isEmpty();
        assertThat(imageFiles()).isEqualTo(before);
        assertProblem(client.get("/api/generation/" + id), 404, "not-found", "/api/generation/" + id);
        assertThat(client.get(imagePath).status()).isEqualTo(404);
        assertThat(client.delete(id).status()).isEqualTo(404);
        Awaitility.await("deletion in the other process")
                .atMost(Duration.ofSeconds(60))
                .until(() -> workerNode.client().get("/api/generation/" + id).status() == 404);
        assertThat(TestPostgres.query(fleet.database(), "SELECT count(*) FROM discarded_images"))
                .containsExactly("0");
        fleet.assertNoViolations();
    }

    @Test
    void rejectsDeleteOfRunningGeneration() {
        String id = createRunning();
        assertProblem(client.delete(id), 409, "conflict", "/api/generation/" + id);
        assertThat(client.generation(id).getString("status")).isEqualTo("PENDING");
    }

    @Test
    void retriesFailedGenerationAsNewGeneration() {
        // given
        inProcessSimulator.script(new JsonObject().put("moderation", true));
        String id = client.create(new JsonObject()
                        .put("prompt", "A pier")
                        .put("width", 64)
                        .put("metadata", new JsonObject().put("a", "b")))
                .getString("id");
        JsonObject failed = client.awaitEnd(id);
        assertThat(failed.getString("status")).isEqualTo("FAILED");

        // when
        ApiResponse apiResponse = client.retry(id, Map.of());

        // then
        assertThat(apiResponse.status()).isEqualTo(202);
        JsonObject retry = apiResponse.json();
        assertThat(apiResponse.header("Location")).isEqualTo("/api/generation/" + retry.getString("id"));
        assertThat(retry.getString("id")).isNotEqualTo(id);
        assertThat(retry.getString("retryOf")).isEqualTo(id);
        for (String field : List.of("prompt", "width", "height", "count", "seed", "metadata")) {
            assertThat(retry.getValue(field)).as(field).isEqualTo(failed.getValue(field));
        }
        assertThat(client.awaitEnd(retry.getString("id")).getString("status")).isEqualTo("COMPLETE");
        assertThat(client.generation(retry.getString("id")).getString("retryOf"))
                .isEqualTo(id);

        // and deleting the failed generation keeps its retry
        assertThat(client.delete(id).status()).isEqualTo(204);
        assertThat(client.generation(retry.getString("id")).getString("retryOf"))
                .isEqualTo(id);
        assertThat(client.delete(retry.getString("id")).status()).isEqualTo(204);
    }

    @Test
    void rejectsRetryOfGenerationThatHasNotFailed() {
        String running = createRunning();
        assertProblem(client.retry(running, Map.of()), 409, "conflict", "/api/generation/" + running + "/retry");
        String unknown = UUID.randomUUID().toString();
        assertThat(client.retry(unknown, Map.of()).status()).isEqualTo(404);
    }

    private List<Path> imageFiles() throws IOException {
        try (Stream<Path> all = Files.walk(directory.resolve("images"))) {
            return all.filter(file -> Files.isRegularFile(file)
                            && !file.getFileName().toString().startsWith("."))
                    .toList();
        }
    }

    private static String imagePathOf(JsonObject generation) {
        URI url = URI.create(generation.getJsonArray("imageUrls").getString(0));
        return url.getPath() + "?" + url.getQuery();
    }
}
