package dev.darkroom.e2e;

import static dev.darkroom.testing.Problems.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.InProcessDarkroom;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.AiServer;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.ApiClient.Answer;
import dev.darkroom.testing.Darkroom;
import dev.darkroom.testing.DarkroomSettings;
import dev.darkroom.testing.Invariants;
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
class WithdrawalIT {
    private static final JsonObject HANG = new JsonObject().put("hang", true);

    @TempDir
    static Path directory;

    private static final DatabaseUrl DATABASE = TestPostgres.migratedDatabase();
    private static AiServer aiServer;
    private static Darkroom front;
    private static Darkroom back;
    private static ApiClient client;

    @BeforeAll
    static void start() throws IOException {
        aiServer = new AiServer(Duration.ofMillis(10));
        front = service("front", "0");
        back = service("back", "2");
        client = front.client();
    }

    private static Darkroom service(String name, String concurrency) throws IOException {
        return InProcessDarkroom.start(
                Files.createDirectory(directory.resolve(name)),
                DarkroomSettings.quick()
                        .database(DATABASE)
                        .aiServer(aiServer)
                        // What tells the worker is a hint, or nothing soon.
                        .with("DARKROOM_WORKER_POLL", "1h")
                        .with("DARKROOM_NODE_SWEEP", "1h")
                        .with("DARKROOM_WORKER_CONCURRENCY", concurrency)
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    /** Leaves the two places of the worker free for the next test. */
    @AfterEach
    void cancelAll() {
        aiServer.reset();
        TestPostgres.query(DATABASE, "SELECT generation_id FROM generation_queue")
                .forEach(client::cancel);
    }

    @AfterAll
    static void stop() {
        Stream.of(front, back, aiServer).forEach(one -> {
            try {
                one.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
    }

    private static String atWork() {
        aiServer.script(HANG);
        String id = client.create("A pier");
        Awaitility.await("the call")
                .atMost(Duration.ofSeconds(60))
                .until(() -> aiServer.requests(id).size() == 1);
        return id;
    }

    @Test
    void theCallOfAnotherProcessIsBrokenOff() {
        // given
        String id = atWork();

        // when
        Answer answer = client.cancel(id);

        // then it has ended
        assertThat(answer.status()).isEqualTo(200);
        JsonObject cancelled = answer.json();
        assertThat(cancelled.getString("status")).isEqualTo("FAILED");
        assertThat(cancelled.getJsonObject("error"))
                .isEqualTo(new JsonObject()
                        .put("code", "CANCELLED")
                        .put("errorClass", "AMBIGUOUS")
                        .put("message", "The generation was cancelled.")
                        .put("retryable", true));
        assertThat(Attempts.of(cancelled))
                .extracting(Attempts::told)
                .containsExactly("INTERRUPTED AMBIGUOUS CANCELLED uncounted");
        assertThat(cancelled).isEqualTo(client.generation(id));

        // and the socket is closed, and nobody takes it for lost work
        Awaitility.await("end of the call")
                .atMost(Duration.ofSeconds(60))
                .until(() -> aiServer.requests(id).get(0).getValue("closedAt") != null);
        Awaitility.await("the line")
                .atMost(Duration.ofSeconds(60))
                .until(() -> back.log().stream()
                        .anyMatch(line -> line.contains("attempt interrupted") && line.contains(id)));
        assertThat(back.log()).noneMatch(line -> line.contains("lease lost"));
        Invariants.check(DATABASE, directory.resolve("images"));
    }

    @Test
    void whatWaitsEndsWithoutAnAttempt() {
        // given two calls that take all there is, and one generation more
        atWork();
        atWork();
        String id = client.create("A pier");

        // when
        Answer answer = client.cancel(id);

        // then
        assertThat(answer.json().getJsonObject("error").getString("errorClass")).isEqualTo("NOT_SENT");
        assertThat(answer.json().getInteger("failedAttempts")).isZero();
        assertThat(aiServer.requests(id)).isEmpty();
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
        Answer answer = client.delete(id);

        // then
        assertThat(answer.status()).isEqualTo(204);
        assertThat(answer.body()).isEmpty();
        assertThat(files()).isEqualTo(before);
        assertProblem(client.get("/api/generation/" + id), 404, "not-found", "/api/generation/" + id);
        assertThat(client.get(picture).status()).isEqualTo(404);
        assertThat(client.delete(id).status()).isEqualTo(404);
        Awaitility.await("the other process has forgotten it")
                .atMost(Duration.ofSeconds(60))
                .until(() -> back.client().get("/api/generation/" + id).status() == 404);
        assertThat(TestPostgres.query(DATABASE, "SELECT count(*) FROM discarded_images"))
                .containsExactly("0");
        Invariants.check(DATABASE, directory.resolve("images"));
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
        aiServer.script(new JsonObject().put("moderation", true));
        String id = client.create(new JsonObject()
                        .put("prompt", "A pier")
                        .put("width", 64)
                        .put("metadata", new JsonObject().put("a", "b")))
                .getString("id");
        JsonObject failed = client.awaitEnd(id);
        assertThat(failed.getString("status")).isEqualTo("FAILED");

        // when
        Answer answer = client.retry(id, Map.of());

        // then
        assertThat(answer.status()).isEqualTo(202);
        JsonObject again = answer.json();
        assertThat(answer.header("Location")).isEqualTo("/api/generation/" + again.getString("id"));
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
