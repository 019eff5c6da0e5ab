package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstanceProcess;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Log output as text and as JSON. The request id and the generation id find all lines about a request and its
 * generation.
 */
class LogOutputIT {
    private static final String REQUEST = "req-7f3a.LogIT";
    /** Error message of an AI server that tries to forge a log line and to control the terminal. */
    private static final String HOSTILE =
            "no\n2026-01-01T00:00:00.000Z ERROR Forged - generation completed\u001b[2J\u2028x";

    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));

    @TempDir
    Path directory;

    private DarkroomInstanceProcess darkroom;

    @AfterEach
    void stop() {
        darkroom.close();
        inProcessSimulator.close();
    }

    private void start(String format) {
        darkroom = DarkroomInstanceProcess.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.migratedDatabase())
                        .aiServer(inProcessSimulator)
                        .with("DARKROOM_LOG_FORMAT", format)
                        // An unknown variable. The first line of the log warns about it.
                        .with("DARKROOM_LOG_FORMAD", format)
                        .environment());
    }

    /** Runs a generation that fails once with a hostile message and then completes. Returns its id. */
    private String runGeneration() {
        inProcessSimulator.script(new JsonObject()
                .put("status", 500)
                .put("body", new JsonObject().put("error", new JsonObject().put("message", HOSTILE))));
        ApiClient client = darkroom.client();
        Map<String, String> headers = Map.of("Content-Type", "application/json", "X-Request-Id", REQUEST);
        byte[] body = new JsonObject()
                .put("prompt", "a boat\nERROR Forged - prompt\u001b[31m")
                .encode()
                .getBytes(StandardCharsets.UTF_8);
        ApiClient.ApiResponse accepted = client.send("POST", "/api/generation", headers, body);
        assertThat(accepted.status()).isEqualTo(202);
        assertThat(accepted.header("X-Request-Id")).isEqualTo(REQUEST);
        String id = accepted.json().getString("id");
        assertThat(client.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
        Awaitility.await()
                .atMost(Duration.ofSeconds(30))
                .until(() -> darkroom.log(id).stream().anyMatch(line -> line.contains("generation completed")));
        return id;
    }

    @Test
    void writesJsonLinesWithRequestAndGenerationIds() {
        // given
        start("json");

        // when
        String id = runGeneration();
        darkroom.stop();

        // then
        assertThat(darkroom.errors()).isEmpty();
        List<JsonObject> lines = darkroom.log().stream().map(JsonObject::new).toList();
        assertThat(lines).isNotEmpty().allSatisfy(line -> {
            assertThat(Instant.parse(line.getString("timestamp"))).isNotNull();
            assertThat(line.getString("level")).isIn("INFO", "WARN");
            assertThat(line.getString("logger")).isNotBlank();
            assertThat(line.getString("message")).isNotBlank();
        });
        assertThat(lines)
                .filteredOn(line -> REQUEST.equals(line.getString("requestId")))
                .extracting(line -> line.getString("message") + " " + line.getString("generation"))
                .containsExactly("generation accepted " + id);
        List<JsonObject> generationLines = lines.stream()
                .filter(line -> id.equals(line.getString("generation")))
                .toList();
        assertThat(generationLines)
                .extracting(line -> line.getString("message"))
                .containsExactly(
                        "generation accepted",
                        "attempt started",
                        "attempt failed, retry scheduled",
                        "attempt started",
                        "attempt succeeded",
                        "generation completed");
        JsonObject failure = generationLines.get(2);
        assertThat(failure.getValue("attempt")).isEqualTo(1);
        assertThat(failure.getValue("counted")).isEqualTo(true);
        assertThat(failure.getValue("httpStatus")).isEqualTo(500);
        assertThat(Instant.parse(failure.getString("retryAt"))).isNotNull();
        assertThat(failure.getString("detail")).contains("Forged");
        assertThat(darkroom.log()).filteredOn(line -> line.contains(id)).hasSameSizeAs(generationLines);
        assertThat(lines.get(0).getString("level")).isEqualTo("WARN");
        assertThat(lines.get(0).getString("message")).contains("DARKROOM_LOG_FORMAD");
    }

    @Test
    void escapesHostileTextInTextFormat() {
        // given
        start("text");

        // when
        String id = runGeneration();
        darkroom.stop();

        // then
        List<String> forged =
                darkroom.log().stream().filter(line -> line.contains("Forged")).toList();
        assertThat(forged).hasSize(1);
        assertThat(forged.get(0))
                .contains("attempt failed, retry scheduled generation=" + id)
                .doesNotContain("\u001b");
        assertThat(darkroom.log())
                .filteredOn(line -> line.contains("requestId=" + REQUEST))
                .singleElement()
                .asString()
                .contains("generation accepted generation=" + id);
        assertThat(darkroom.log(id)).hasSize(6);
    }
}
