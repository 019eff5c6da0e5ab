package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.SseClient;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who watches a generation. One process has the watchers, another does the work. */
@Timeout(300)
class GenerationEventStreamIT {
    private static final JsonObject ERROR = new JsonObject().put("status", 500);
    private static final JsonObject HANG = new JsonObject().put("hang", true);

    @TempDir
    static Path directory;

    private static final DatabaseUrl DATABASE = TestPostgres.migratedDatabase();
    private static InProcessSimulator inProcessSimulator;
    private static DarkroomInstance front;
    private static DarkroomInstance back;
    private static ApiClient client;

    @BeforeAll
    static void start() throws Exception {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        front = service("front", "0");
        back = service("back", "4");
        client = front.client();
    }

    private static DarkroomInstance service(String name, String concurrency) throws Exception {
        return InProcessDarkroom.start(
                Files.createDirectory(directory.resolve(name)),
                DarkroomInstanceSettings.forTests()
                        .database(DATABASE)
                        .aiServer(inProcessSimulator)
                        .with("DARKROOM_WORKER_CONCURRENCY", concurrency)
                        .with("DARKROOM_IMAGE_DIR", directory.resolve("images").toString()));
    }

    @AfterAll
    static void stop() throws Exception {
        front.close();
        back.close();
        inProcessSimulator.close();
    }

    @BeforeEach
    void wellAgain() {
        inProcessSimulator.reset();
    }

    private static SseClient watch(String id, String query, Map<String, String> headers) {
        return SseClient.open(front.api(), "/api/generation/" + id + "/events" + query, headers);
    }

    private static List<JsonObject> events(SseClient stream) {
        return stream.frames("generation").stream()
                .map(frame -> {
                    JsonObject event = new JsonObject(frame.data());
                    assertThat(frame.id()).isEqualTo(String.valueOf(event.getLong("version")));
                    return event;
                })
                .toList();
    }

    private static List<String> types(SseClient stream) {
        return events(stream).stream().map(event -> event.getString("type")).toList();
    }

    @Test
    void hearsOfEveryAttemptAndOfTheEndAndDoesNotComeAgain() {
        // given
        inProcessSimulator.script(ERROR, HANG);
        String watched = client.create("A lighthouse");
        try (SseClient stream = watch(watched, "", Map.of())) {
            // when
            stream.await(
                    "the second attempt",
                    heard -> stream.frames("generation").stream()
                            .anyMatch(frame -> frame.data().contains("\"number\":2")));
            client.cancel(watched);
            stream.awaitEnd();

            // then
            List<JsonObject> events = events(stream);
            assertThat(events.get(0).getString("type")).isEqualTo("generation.state");
            assertThat(events)
                    .extracting(event -> event.getLong("version"))
                    .isSorted()
                    .doesNotHaveDuplicates();
            JsonObject end = events.get(events.size() - 1);
            assertThat(end.getString("type")).isEqualTo("generation.ended");
            assertThat(end.getString("status")).isEqualTo("FAILED");
            assertThat(end.getJsonObject("error").getString("code")).isEqualTo("CANCELLED");
            assertThat(new JsonObject(stream.awaitEvent("bye").data()).getString("reason"))
                    .isEqualTo("ENDED");
            assertThat(stream.reconnect().status()).isEqualTo(204);
        }
    }

    @Test
    void whoComesBackHearsExactlyWhatCameSince() {
        // given
        inProcessSimulator.script(ERROR);
        String id = client.create("A harbour");
        client.awaitEnd(id);

        // when
        try (SseClient all = watch(id, "", Map.of("Last-Event-ID", "0"));
                SseClient some = watch(id, "?last_event_id=1", Map.of("Last-Event-ID", "3"));
                SseClient asked = watch(id, "?last_event_id=4", Map.of())) {
            all.awaitEnd();
            some.awaitEnd();
            asked.awaitEnd();

            // then
            assertThat(types(all))
                    .containsExactly(
                            "generation.accepted",
                            "attempt.started",
                            "attempt.failed",
                            "attempt.started",
                            "generation.ended");
            assertThat(events(some)).isEqualTo(events(all).subList(3, 5));
            assertThat(events(asked)).isEqualTo(events(all).subList(4, 5));
            assertThat(events(asked).get(0).getInteger("imageCount")).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"garbage", "-1", "99999999999999999999", "1000", "7f3a2b9c-17", "%00", "'; DROP"})
    void anIdThatMeansNothingCountsAsNone(String id) {
        // given
        String generation = client.create("A gull");
        client.awaitEnd(generation);

        // when
        try (SseClient stream = watch(generation, "", Map.of("Last-Event-ID", id))) {
            stream.awaitEnd();

            // then
            assertThat(types(stream)).containsExactly("generation.state");
            assertThat(events(stream).get(0).getString("status")).isEqualTo("COMPLETE");
            assertThat(stream.reconnect().status()).isEqualTo(204);
        }
    }

    @Test
    void whatIsNotThereIsAProblemAndNoStream() {
        try (SseClient stream = watch(UUID.randomUUID().toString(), "", Map.of())) {
            assertThat(stream.status()).isEqualTo(404);
        }
        assertProblem(client.get("/api/generation/x/events"), 400, "invalid-request", "/api/generation/x/events");
    }

    @Test
    void manyWatchOneGeneration() {
        // given
        inProcessSimulator.script(HANG);
        String id = client.create("A crowd");
        List<SseClient> streams = java.util.stream.IntStream.range(0, 15)
                .mapToObj(i -> watch(id, "", Map.of()))
                .toList();

        // when
        client.cancel(id);

        // then
        for (SseClient stream : streams) {
            stream.awaitEnd();
            assertThat(types(stream)).startsWith("generation.state").endsWith("generation.ended");
            stream.close();
        }
    }
}
