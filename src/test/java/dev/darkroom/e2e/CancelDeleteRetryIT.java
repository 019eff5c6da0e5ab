package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is wanted no more, and what is wanted once more. One process takes the requests, another does the work. */
@Timeout(300)
class CancelDeleteRetryIT {
    private static final JsonObject HANG = new JsonObject().put("hang", true);

    @TempDir
    static Path directory;

    private static final DatabaseUrl DATABASE = TestPostgres.migratedDatabase();
    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance front;
    private static DarkroomInstance back;
    private static ApiClient client;

    @BeforeAll
    static void start() throws IOException {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        front = service("front", "0");
        back = service("back", "2");
        client = front.client();
    }

    private static DarkroomInstance service(String name, String concurrency) throws IOException {
        return InProcessDarkroom.start(
                Files.createDirectory(directory.resolve(name)),
                DarkroomInstanceSettings.forTests()
                        .database(DATABASE)
                        .aiServer(inProcessSimulator)
                        // What tells the worker is a hint, or nothing soon.
                        .with("DARKROOM_WORKER_POLL", "1h")
                        .with("DARKROOM_NODE_SWEEP", "1h")
                        .with("DARKROOM_WORKER_CONCURRENCY", concurrency)
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    /** Leaves the two places of the worker free for the next test. */
    @AfterEach
    void cancelAll() {
        inProcessSimulator.reset();
        TestPostgres.query(DATABASE, "SELECT generation_id FROM generation_queue")
                .forEach(client::cancel);
    }

    @AfterAll
    static void stop() {
        Stream.of(front, back, inProcessSimulator).forEach(one -> {
            try {
                one.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    private static String atWork() {
        inProcessSimulator.script(HANG);
        String id = client.create("A pier");
        Awaitility.await("the call")
                .atMost(Duration.ofSeconds(60))
                .until(() -> inProcessSimulator.recordedRequests(id).size() == 1);
        return id;
    }

    @Test
    void theCallOfAnotherProcessIsBrokenOff() {
        // given
        String id = atWork();

        // when
        ApiResponse apiResponse = client.cancel(id);

        // then it has ended
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

        // and the socket is closed, and nobody takes it for lost work
        Awaitility.await("end of the call")
                .atMost(Duration.ofSeconds(60))
                .until(() -> inProcessSimulator.recordedRequests(id).get(0).getValue("closedAt") != null);
        Awaitility.await("the line")
                .atMost(Duration.ofSeconds(60))
                .until(() -> back.log().stream()
                        .anyMatch(line -> line.contains("attempt interrupted") && line.contains(id)));
        assertThat(back.log()).noneMatch(line -> line.contains("lease lost"));
        DatabaseInvariants.assertNoViolations(DATABASE, directory.resolve("images"));
    }

    @Test
    void whatWaitsEndsWithoutAnAttempt() {
        // given two calls that take all there is, and one generation more
        atWork();
        atWork();
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
    void whatHasEndedOrNeverWasCannotBeCancelled() {
        // given
        String id = client.create("A pier");
        client.awaitEnd(id);
        String never = UUID.randomUUID().toString();

        // then
        assertProblem(client.cancel(id), 409, "conflict", "/api/generation/" + id + "/cancel");
        assertThat(client.cancel(id).json().getString("detail")).isEqualTo("The generation has ended already.");
        assertProblem(client.cancel(never), 404, "not-found", "/api/generation/" + never + "/cancel");
    }

    @Test
    void whatIsDeletedIsGoneWithItsPictures() throws IOException {
        // given one that both processes have told of
        List<Path> before = files();
        String id = client.create("A pier");
        JsonObject ended = client.awaitEnd(id);
        assertThat(back.client().generation(id).getString("status")).isEqualTo("COMPLETE");
        String picture = pathOf(ended);
        assertThat(client.get(picture).status()).isEqualTo(200);
        assertThat(files()).hasSize(before.size() + 1);

        // when
        ApiResponse apiResponse = client.delete(id);

        // then
        assertThat(apiResponse.status()).isEqualTo(204);
        assertThat(apiResponse.body()).isEmpty();
        assertThat(files()).isEqualTo(before);
        assertProblem(client.get("/api/generation/" + id), 404, "not-found", "/api/generation/" + id);
        assertThat(client.get(picture).status()).isEqualTo(404);
        assertThat(client.delete(id).status()).isEqualTo(404);
        Awaitility.await("the other process has forgotten it")
                .atMost(Duration.ofSeconds(60))
                .until(() -> back.client().get("/api/generation/" + id).status() == 404);
        assertThat(TestPostgres.query(DATABASE, "SELECT count(*) FROM discarded_images"))
                .containsExactly("0");
        DatabaseInvariants.assertNoViolations(DATABASE, directory.resolve("images"));
    }

    @Test
    void whatHasNotEndedIsNotDeleted() {
        String id = atWork();
        assertProblem(client.delete(id), 409, "conflict", "/api/generation/" + id);
        assertThat(client.generation(id).getString("status")).isEqualTo("PENDING");
    }

    @Test
    void whatHasFailedIsAskedForAgain() {
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
        JsonObject again = apiResponse.json();
        assertThat(apiResponse.header("Location")).isEqualTo("/api/generation/" + again.getString("id"));
        assertThat(again.getString("id")).isNotEqualTo(id);
        assertThat(again.getString("retryOf")).isEqualTo(id);
        for (String same : List.of("prompt", "width", "height", "count", "seed", "metadata")) {
            assertThat(again.getValue(same)).as(same).isEqualTo(failed.getValue(same));
        }
        assertThat(client.awaitEnd(again.getString("id")).getString("status")).isEqualTo("COMPLETE");
        assertThat(client.generation(again.getString("id")).getString("retryOf"))
                .isEqualTo(id);

        // and deleting the old one does not touch it
        assertThat(client.delete(id).status()).isEqualTo(204);
        assertThat(client.generation(again.getString("id")).getString("retryOf"))
                .isEqualTo(id);
        assertThat(client.delete(again.getString("id")).status()).isEqualTo(204);
    }

    @Test
    void onlyWhatHasFailedIsRetried() {
        String running = atWork();
        assertProblem(client.retry(running, Map.of()), 409, "conflict", "/api/generation/" + running + "/retry");
        String never = UUID.randomUUID().toString();
        assertThat(client.retry(never, Map.of()).status()).isEqualTo(404);
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> all = Files.walk(directory.resolve("images"))) {
            return all.filter(file -> Files.isRegularFile(file)
                            && !file.getFileName().toString().startsWith("."))
                    .toList();
        }
    }

    private static String pathOf(JsonObject generation) {
        URI url = URI.create(generation.getJsonArray("imageUrls").getString(0));
        return url.getPath() + "?" + url.getQuery();
    }
}
