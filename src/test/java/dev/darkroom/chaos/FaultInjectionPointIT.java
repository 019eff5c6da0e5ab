package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.e2e.KillScenario;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.FreePort;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Kills a process with {@code kill -9} at each fault injection point of an attempt, with each protocol. */
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

    static Stream<KillScenario> scenarios() {
        return KillScenario.all();
    }

    /** Where the protocol can tell, the next owner looks up the submission of the killed process, and submits only if there is none. */
    @ParameterizedTest
    @MethodSource("scenarios")
    void storesOneOutcomeAndSubmitsOnceWhereALookUpExists(KillScenario scenario) throws IOException {
        // given
        useProtocol(scenario.protocol());
        String id;
        try (DarkroomInstanceProcess killed = pausingAt(scenario.point())) {
            id = killed.client().create("A lighthouse at dusk");
            killed.awaitLine("fault injection point reached point=" + scenario.point());
            assertThat(inProcessSimulator.recordedRequests()).hasSize(scenario.submittedBefore());

            // when
            killed.kill();
        }

        // then
        try (DarkroomInstanceProcess restarted = DarkroomInstanceProcess.start(directory, settings.environment())) {
            JsonObject ended = restarted.client().awaitEnd(id);
            assertThat(ended.getString("status")).isEqualTo(scenario.error() == null ? "COMPLETE" : "FAILED");
            if (scenario.error() != null) {
                assertThat(ended.getJsonObject("error").getString("code")).isEqualTo(scenario.error());
            }
            assertThat(outcomes(ended)).isEqualTo(scenario.outcomes());
            assertThat(inProcessSimulator.recordedRequests()).hasSize(scenario.submittedInTotal());
            if (scenario.protocol().equals("openai")) {
                assertThat(inProcessSimulator.recordedRequests(id))
                        .as("submissions with the same key")
                        .hasSize(scenario.submittedInTotal());
            }
        }
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
    }

    private void useProtocol(String type) throws IOException {
        if (type.equals("openai")) {
            return;
        }
        String path = type.equals("callback") ? "/callback/jobs" : type.equals("fal") ? "/fal" : "";
        settings.with("DARKROOM_BACKEND_TYPE", type)
                .with("DARKROOM_BACKEND_URL", "http://127.0.0.1:" + inProcessSimulator.port() + path);
        if (type.equals("comfyui")) {
            settings.with(
                    "DARKROOM_BACKEND_WORKFLOW",
                    Path.of("conf/examples/comfyui-workflow.json")
                            .toAbsolutePath()
                            .toString());
        } else if (type.equals("fal") || type.equals("replicate")) {
            settings.with("DARKROOM_BACKEND_MODEL", "black-forest-labs/flux-schnell");
        } else if (type.equals("bfl")) {
            settings.with("DARKROOM_BACKEND_MODEL", "flux-2-pro");
        } else if (type.equals("stability")) {
            settings.with("DARKROOM_BACKEND_MODEL", "core");
        } else if (type.equals("callback")) {
            // The callback URL of the killed process is that of the restarted one.
            settings.with("DARKROOM_HTTP_PORT", String.valueOf(FreePort.find()));
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
