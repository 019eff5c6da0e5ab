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

    /** Where the protocol can tell, the next owner looks up the submission of the killed process, and submits only if there is none. */
    @ParameterizedTest
    @CsvSource({
        "callback, BEFORE_CALL, 0, 1, LOST SUCCEEDED",
        "callback, AFTER_RESPONSE, 1, 1, LOST SUCCEEDED",
        "callback, BEFORE_COMMIT, 1, 1, LOST SUCCEEDED",
        "callback, AFTER_COMMIT, 1, 1, SUCCEEDED",
        "comfyui, BEFORE_CALL, 0, 1, LOST SUCCEEDED",
        "comfyui, AFTER_RESPONSE, 1, 1, LOST SUCCEEDED",
        "comfyui, BEFORE_COMMIT, 1, 1, LOST SUCCEEDED",
        "comfyui, AFTER_COMMIT, 1, 1, SUCCEEDED",
        "replicate, AFTER_RESPONSE, 1, 1, LOST SUCCEEDED",
        "replicate, BEFORE_COMMIT, 1, 1, LOST SUCCEEDED",
        "replicate, AFTER_COMMIT, 1, 1, SUCCEEDED",
        // Without a look-up, and with onAmbiguous: retry.
        "automatic1111, BEFORE_COMMIT, 1, 2, LOST SUCCEEDED",
        "cog, BEFORE_COMMIT, 1, 2, LOST SUCCEEDED"
    })
    void submitsOnceWhereALookUpExists(
            String type, String point, int submittedBefore, int submittedInTotal, String outcomes) {
        // given
        useProtocol(type);
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
            assertThat(inProcessSimulator.recordedRequests()).hasSize(submittedInTotal);
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
    }

    /** The killed process may have submitted, and Replicate cannot be asked without the id that it assigns. */
    @Test
    void failsRatherThanPayTwiceWithoutALookUp() {
        // given
        useProtocol("replicate");
        String id;
        try (DarkroomInstanceProcess killed = pausingAt("BEFORE_CALL")) {
            id = killed.client().create("A lighthouse at dusk");
            killed.awaitLine("fault injection point reached point=BEFORE_CALL");

            // when
            killed.kill();
        }

        // then
        try (DarkroomInstanceProcess restarted = DarkroomInstanceProcess.start(directory, settings.environment())) {
            JsonObject ended = restarted.client().awaitEnd(id);
            assertThat(ended.getJsonObject("error").getString("code")).isEqualTo("OUTCOME_UNKNOWN");
            assertThat(inProcessSimulator.recordedRequests()).isEmpty();
        }
    }

    private void useProtocol(String type) {
        String path = type.equals("callback") ? "/callback/jobs" : "";
        settings.with("DARKROOM_BACKEND_TYPE", type)
                .with("DARKROOM_BACKEND_URL", "http://127.0.0.1:" + inProcessSimulator.port() + path);
        if (type.equals("comfyui")) {
            settings.with(
                    "DARKROOM_BACKEND_WORKFLOW",
                    Path.of("conf/examples/comfyui-workflow.json")
                            .toAbsolutePath()
                            .toString());
        } else if (type.equals("replicate")) {
            settings.with("DARKROOM_BACKEND_MODEL", "black-forest-labs/flux-schnell");
        }
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
