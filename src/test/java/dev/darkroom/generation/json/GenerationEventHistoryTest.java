package dev.darkroom.generation.json;

import static dev.darkroom.generation.GenerationStatus.COMPLETE;
import static dev.darkroom.generation.GenerationStatus.FAILED;
import static dev.darkroom.generation.GenerationStatus.PENDING;
import static dev.darkroom.generation.TestGenerations.generation;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.generation.Attempt;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.TestGenerations;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Events derived from the state of a generation. */
class GenerationEventHistoryTest {
    private static final Attempt RUNNING = TestGenerations.running();
    private static final Attempt SUCCEEDED = TestGenerations.succeeded();
    private static final Attempt FAILED_ATTEMPT = TestGenerations.failed(Instant.parse("2026-11-23T18:01:12.900Z"));

    static Stream<Arguments> generationsWithEvents() {
        return Stream.of(
                Arguments.of(generation(PENDING, 0), List.of("1 generation.accepted")),
                Arguments.of(generation(PENDING, 0, RUNNING), List.of("1 generation.accepted", "2 attempt.started")),
                Arguments.of(
                        generation(PENDING, 1, FAILED_ATTEMPT),
                        List.of("1 generation.accepted", "2 attempt.started", "3 attempt.failed")),
                Arguments.of(
                        generation(COMPLETE, 1, FAILED_ATTEMPT, SUCCEEDED),
                        List.of(
                                "1 generation.accepted",
                                "2 attempt.started",
                                "3 attempt.failed",
                                "4 attempt.started",
                                "7 generation.ended")),
                Arguments.of(
                        generation(FAILED, 1, FAILED_ATTEMPT),
                        List.of(
                                "1 generation.accepted",
                                "2 attempt.started",
                                "3 attempt.failed",
                                "5 generation.ended")),
                Arguments.of(generation(FAILED, 0), List.of("1 generation.accepted", "3 generation.ended")),
                // The retention cleanup has deleted the attempts.
                Arguments.of(generation(COMPLETE, 4), List.of("1 generation.accepted", "13 generation.ended")));
    }

    @ParameterizedTest
    @MethodSource("generationsWithEvents")
    void everyEventHasItsVersion(Generation generation, List<String> expected) {
        // when
        List<JsonObject> events = GenerationEventHistory.eventsAfter(generation, 0);

        // then
        assertThat(events)
                .extracting(event -> event.getLong("version") + " " + event.getString("type"))
                .containsExactlyElementsOf(expected);
        assertThat(events.get(events.size() - 1).getLong("version")).isEqualTo(generation.version());
        assertThat(GenerationEventHistory.eventsAfter(generation, generation.version()))
                .isEmpty();
        assertThat(GenerationEventHistory.eventsAfter(generation, 1)).isEqualTo(events.subList(1, events.size()));
    }

    @Test
    void snapshotContainsOnlyChangingFields() {
        // when
        JsonObject state = GenerationEventHistory.snapshotEvent(generation(PENDING, 1, FAILED_ATTEMPT));

        // then
        assertThat(state.getLong("version")).isEqualTo(3);
        assertThat(state.getString("type")).isEqualTo("generation.state");
        assertThat(state.getJsonObject("generation").getJsonArray("attempts")).hasSize(1);
        assertThat(state.encode()).doesNotContain("secret");
    }

    @Test
    void failedAttemptContainsTheDueTimeOfTheRetry() {
        // when
        JsonObject failed = GenerationEventHistory.eventsAfter(generation(PENDING, 1, FAILED_ATTEMPT), 2)
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
