package dev.darkroom.generation;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Events derived from the state of a generation. */
class GenerationEventHistoryTest {
    private static final JsonObject RUNNING = new JsonObject().put("outcome", "RUNNING");
    private static final JsonObject SUCCEEDED = new JsonObject().put("outcome", "SUCCEEDED");
    private static final JsonObject FAILED = new JsonObject()
            .put("outcome", "RETRYABLE")
            .put(
                    "error",
                    new JsonObject()
                            .put("errorClass", "SERVER_ERROR")
                            .put("code", "OOPS")
                            .put("message", "m"))
            .put("retryAt", "2026-11-23T18:01:12.900Z");

    private static JsonObject generation(String status, int failedAttempts, JsonObject... attempts) {
        JsonArray list = new JsonArray();
        for (int i = 0; i < attempts.length; i++) {
            list.add(attempts[i].copy().put("number", i + 1));
        }
        JsonObject generation = new JsonObject()
                .put("id", "019a8c1e-0000-7000-8000-000000000001")
                .put("status", status)
                .put("prompt", "secret")
                .put("failedAttempts", failedAttempts)
                .put("attempts", list);
        return switch (status) {
            case "COMPLETE" -> generation.put("images", new JsonArray().add(new JsonObject()));
            case "FAILED" ->
                generation.put(
                        "error",
                        new JsonObject()
                                .put("code", "CANCELLED")
                                .put("errorClass", "NOT_SENT")
                                .put("message", "m"));
            default -> generation;
        };
    }

    static Stream<Arguments> generationsWithEvents() {
        return Stream.of(
                Arguments.of(generation("PENDING", 0), List.of("1 generation.accepted")),
                Arguments.of(generation("PENDING", 0, RUNNING), List.of("1 generation.accepted", "2 attempt.started")),
                Arguments.of(
                        generation("PENDING", 1, FAILED),
                        List.of("1 generation.accepted", "2 attempt.started", "3 attempt.failed")),
                Arguments.of(
                        generation("COMPLETE", 1, FAILED, SUCCEEDED),
                        List.of(
                                "1 generation.accepted",
                                "2 attempt.started",
                                "3 attempt.failed",
                                "4 attempt.started",
                                "7 generation.ended")),
                Arguments.of(
                        generation("FAILED", 1, FAILED),
                        List.of(
                                "1 generation.accepted",
                                "2 attempt.started",
                                "3 attempt.failed",
                                "5 generation.ended")),
                Arguments.of(generation("FAILED", 0), List.of("1 generation.accepted", "3 generation.ended")),
                // The retention cleanup has deleted the attempts.
                Arguments.of(generation("COMPLETE", 4), List.of("1 generation.accepted", "13 generation.ended")));
    }

    @ParameterizedTest
    @MethodSource("generationsWithEvents")
    void everyEventHasItsVersion(JsonObject generation, List<String> expected) {
        // when
        List<JsonObject> events = GenerationEventHistory.eventsAfter(generation, 0);

        // then
        assertThat(events)
                .extracting(event -> event.getLong("version") + " " + event.getString("type"))
                .containsExactlyElementsOf(expected);
        assertThat(events.get(events.size() - 1).getLong("version"))
                .isEqualTo(GenerationEventHistory.version(generation));
        assertThat(GenerationEventHistory.eventsAfter(generation, GenerationEventHistory.version(generation)))
                .isEmpty();
        assertThat(GenerationEventHistory.eventsAfter(generation, 1)).isEqualTo(events.subList(1, events.size()));
    }

    @Test
    void snapshotContainsOnlyChangingFields() {
        // when
        JsonObject state = GenerationEventHistory.snapshotEvent(generation("PENDING", 1, FAILED));

        // then
        assertThat(state.getLong("version")).isEqualTo(3);
        assertThat(state.getString("type")).isEqualTo("generation.state");
        assertThat(state.getJsonObject("generation").getJsonArray("attempts")).hasSize(1);
        assertThat(state.encode()).doesNotContain("secret");
    }

    @Test
    void failedAttemptContainsTheDueTimeOfTheRetry() {
        // when
        JsonObject failed = GenerationEventHistory.eventsAfter(generation("PENDING", 1, FAILED), 2)
                .get(0);

        // then
        assertThat(failed.getJsonObject("attempt"))
                .isEqualTo(new JsonObject()
                        .put("number", 1L)
                        .put("errorClass", "SERVER_ERROR")
                        .put("code", "OOPS")
                        .put("retryAt", "2026-11-23T18:01:12.900Z"));
    }
}
