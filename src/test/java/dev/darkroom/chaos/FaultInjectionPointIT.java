package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kills a process with {@code kill -9} at each fault injection point of an attempt. Exactly one outcome is stored. */
@Tag("chaos")
@Timeout(120)
class FaultInjectionPointIT {
    @TempDir
    Path directory;

    @AutoClose
    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));

    private DatabaseUrl database;
    private DarkroomInstanceSettings settings;

    @BeforeEach
    void start() {
        database = TestPostgres.newDatabase();
        settings = DarkroomInstanceSettings.forTests()
                .shortLeases()
                .database(database)
                .aiServer(inProcessSimulator);
    }

    @ParameterizedTest
    @CsvSource({
        "BEFORE_CALL, 0, 1, LOST SUCCEEDED",
        "AFTER_RESPONSE, 1, 2, LOST SUCCEEDED",
        "BEFORE_COMMIT, 1, 2, LOST SUCCEEDED",
        "AFTER_COMMIT, 1, 1, SUCCEEDED"
    })
    void storesExactlyOneOutcome(String point, int submittedBefore, int submittedInTotal, String outcomes) {
        // given
        String id;
        try (DarkroomInstanceProcess killed = pausingAt(point)) {
            id = killed.client().create("A lighthouse at dusk");
            killed.awaitLine("fault injection point reached point=" + point);
            assertThat(inProcessSimulator.recordedRequests(id)).hasSize(submittedBefore);

            // when
            killed.kill();
        }

        // then
        try (DarkroomInstanceProcess restarted = DarkroomInstanceProcess.start(directory, settings.environment())) {
            JsonObject ended = restarted.client().awaitEnd(id);
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(outcomes(ended)).isEqualTo(List.of(outcomes.split(" ")));
            assertThat(inProcessSimulator.recordedRequests()).hasSize(submittedInTotal);
            assertThat(inProcessSimulator.recordedRequests(id))
                    .as("submissions with the same key")
                    .hasSize(submittedInTotal);
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
    }

    /** The next owner finds the reported result, or finds that nothing was submitted. */
    @ParameterizedTest
    @CsvSource({
        "BEFORE_CALL, 0, LOST SUCCEEDED",
        "AFTER_RESPONSE, 1, LOST SUCCEEDED",
        "BEFORE_COMMIT, 1, LOST SUCCEEDED",
        "AFTER_COMMIT, 1, SUCCEEDED"
    })
    void submitsOnceWithTheCallbackProtocol(String point, int submittedBefore, String outcomes) {
        // given
        settings.with("DARKROOM_BACKEND_TYPE", "callback")
                .with("DARKROOM_BACKEND_URL", "http://127.0.0.1:" + inProcessSimulator.port() + "/callback/jobs");
        String id;
        try (DarkroomInstanceProcess killed = pausingAt(point)) {
            id = killed.client().create("A lighthouse at dusk");
            killed.awaitLine("fault injection point reached point=" + point);
            assertThat(inProcessSimulator.recordedRequests()).hasSize(submittedBefore);

            // when
            killed.kill();
        }

        // then
        try (DarkroomInstanceProcess restarted = DarkroomInstanceProcess.start(directory, settings.environment())) {
            JsonObject ended = restarted.client().awaitEnd(id);
            assertThat(ended.getString("status")).isEqualTo("COMPLETE");
            assertThat(outcomes(ended)).isEqualTo(List.of(outcomes.split(" ")));
            assertThat(inProcessSimulator.recordedRequests()).hasSize(1);
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
    }

    @Test
    void failsGenerationAfterLostAttempts() {
        // given
        settings.with("DARKROOM_RETRY_MAX_LOST_ATTEMPTS", "2");
        String id;
        try (DarkroomInstanceProcess first = pausingAt("BEFORE_CALL")) {
            id = first.client().create("poison");
            first.awaitLine("fault injection point reached point=BEFORE_CALL");

            // when
            first.kill();
        }
        try (DarkroomInstanceProcess second = pausingAt("BEFORE_CALL")) {
            second.awaitLine("fault injection point reached point=BEFORE_CALL");
            second.kill();
        }

        // then
        try (DarkroomInstanceProcess third = DarkroomInstanceProcess.start(directory, settings.environment())) {
            JsonObject ended = third.client().awaitEnd(id);
            assertThat(ended.getString("status")).isEqualTo("FAILED");
            assertThat(ended.getJsonObject("error").getString("code")).isEqualTo("ATTEMPTS_LOST");
            assertThat(ended.getInteger("failedAttempts")).isEqualTo(2);
            assertThat(outcomes(ended)).containsExactly("LOST", "LOST");
            assertThat(inProcessSimulator.recordedRequests()).isEmpty();
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
    }

    private DarkroomInstanceProcess pausingAt(String point) {
        return DarkroomInstanceProcess.start(
                directory, settings.environment(), "-Ddarkroom.faultInjectionPoint=" + point);
    }

    private static List<String> outcomes(JsonObject generation) {
        JsonArray attempts = generation.getJsonArray("attempts");
        return attempts.stream()
                .map(attempt -> ((JsonObject) attempt).getString("outcome"))
                .toList();
    }
}
