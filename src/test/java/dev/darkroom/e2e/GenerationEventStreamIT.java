package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.InProcessFleet;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.SseClient;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Event streams of one generation. One process serves the streams, another runs the attempts. */
@Timeout(300)
class GenerationEventStreamIT {
    private static final JsonObject ERROR = new JsonObject().put("status", 500);
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
        apiNode = fleet.start("apiNode", fleet.settings(0));
        workerNode = fleet.start("workerNode", fleet.settings(4));
        client = apiNode.client();
    }

    @BeforeEach
    void resetAiServer() {
        inProcessSimulator.reset();
    }

    private static SseClient openStream(String id, String query, Map<String, String> headers) {
        return SseClient.open(apiNode.api(), "/api/generation/" + id + "/events" + query, headers);
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
    void streamsEveryAttemptAndTheEndAndThenStopsReconnects() {
        // given
        inProcessSimulator.script(ERROR, HANG);
        String id = client.create("A lighthouse");
        try (SseClient stream = openStream(id, "", Map.of())) {
            // when
            stream.await(
                    "the second attempt",
                    frames -> stream.frames("generation").stream()
                            .anyMatch(frame -> frame.data().contains("\"number\":2")));
            client.cancel(id);
            stream.awaitEnd();

            // then
            List<JsonObject> events = events(stream);
            assertThat(events.get(0).getString("type")).isEqualTo("generation.state");
            assertThat(events)
                    .extracting(event -> event.getLong("version"))
                    .isSorted()
                    .doesNotHaveDuplicates();
            JsonObject ended = events.get(events.size() - 1);
            assertThat(ended.getString("type")).isEqualTo("generation.ended");
            assertThat(ended.getString("status")).isEqualTo("FAILED");
            assertThat(ended.getJsonObject("error").getString("code")).isEqualTo("CANCELLED");
            assertThat(new JsonObject(stream.awaitEvent("close").data()).getString("reason"))
                    .isEqualTo("ENDED");
            assertThat(stream.reconnect().status()).isEqualTo(204);
        }
    }

    @Test
    void resumesAfterLastEventId() {
        // given
        inProcessSimulator.script(ERROR);
        String id = client.create("A harbour");
        client.awaitEnd(id);

        // when
        try (SseClient fromStart = openStream(id, "", Map.of("Last-Event-ID", "0"));
                SseClient fromHeader = openStream(id, "?last_event_id=1", Map.of("Last-Event-ID", "3"));
                SseClient fromParameter = openStream(id, "?last_event_id=4", Map.of())) {
            fromStart.awaitEnd();
            fromHeader.awaitEnd();
            fromParameter.awaitEnd();

            // then
            assertThat(types(fromStart))
                    .containsExactly(
                            "generation.accepted",
                            "attempt.started",
                            "attempt.failed",
                            "attempt.started",
                            "generation.ended");
            assertThat(events(fromHeader)).isEqualTo(events(fromStart).subList(3, 5));
            assertThat(events(fromParameter)).isEqualTo(events(fromStart).subList(4, 5));
            assertThat(events(fromParameter).get(0).getInteger("imageCount")).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"garbage", "-1", "99999999999999999999", "1000", "7f3a2b9c-17", "%00", "'; DROP"})
    void ignoresInvalidLastEventId(String id) {
        // given
        String generation = client.create("A gull");
        client.awaitEnd(generation);

        // when
        try (SseClient stream = openStream(generation, "", Map.of("Last-Event-ID", id))) {
            stream.awaitEnd();

            // then
            assertThat(types(stream)).containsExactly("generation.state");
            assertThat(events(stream).get(0).getString("status")).isEqualTo("COMPLETE");
            assertThat(stream.reconnect().status()).isEqualTo(204);
        }
    }

    @Test
    void returnsProblemForUnknownOrInvalidId() {
        try (SseClient stream = openStream(UUID.randomUUID().toString(), "", Map.of())) {
            assertThat(stream.status()).isEqualTo(404);
        }
        assertProblem(client.get("/api/generation/x/events"), 400, "invalid-request", "/api/generation/x/events");
    }

    @Test
    void serves15StreamsOfOneGeneration() {
        // given
        inProcessSimulator.script(HANG);
        String id = client.create("A crowd");
        List<SseClient> streams = java.util.stream.IntStream.range(0, 15)
                .mapToObj(i -> openStream(id, "", Map.of()))
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
