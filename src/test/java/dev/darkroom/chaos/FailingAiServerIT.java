package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.e2e.AttemptJson;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks the breaker with an AI server that fails 80 % of its calls at random: few calls, and no generation fails. */
@Tag("chaos")
class FailingAiServerIT {
    private static final int GENERATIONS = 40;
    private static final int CONCURRENCY = 4;
    private static final int MINIMUM_CALLS = 10;

    private final InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));

    @TempDir
    Path directory;

    private DarkroomInstance darkroomInstance;

    @AfterEach
    void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
    }

    @Test
    void limitsCallsToFailingServerAndCompletesAll() {
        // given the default breaker with a shorter open time, and a deadline of an hour
        darkroomInstance = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(TestPostgres.newDatabase())
                        .aiServer(inProcessSimulator)
                        .with("DARKROOM_NODE_TTL", "15s")
                        .with("DARKROOM_GENERATION_DEADLINE", "1h")
                        .with("DARKROOM_WORKER_CONCURRENCY", String.valueOf(CONCURRENCY))
                        .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", String.valueOf(MINIMUM_CALLS))
                        .with("DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES", "5")
                        .with("DARKROOM_BACKEND_BREAKER_OPEN_DURATION", "500ms"));
        inProcessSimulator.script(new JsonObject()
                .put(
                        "random",
                        new JsonObject()
                                .put("failurePercent", 80)
                                .put("latency", new JsonArray().add("5ms").add("100ms")))
                .put("times", -1));
        ApiClient client = darkroomInstance.client();
        ApiClient management = new ApiClient(darkroomInstance.management());

        // when the breaker has opened several times
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < GENERATIONS; i++) {
            ids.add(client.create("generation " + i));
        }
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> openedCount() >= 5);
        Awaitility.await("breaker reported as open")
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> breaker(management), "OPEN"::equals);
        int calls = inProcessSimulator.recordedRequests().size();
        long openings = openedCount();

        // then each opening costs only the calls that cause it
        assertThat(calls).isLessThan((int) (openings * (MINIMUM_CALLS + CONCURRENCY)));

        // when
        inProcessSimulator.script();
        List<JsonObject> ended = ids.stream()
                .map(id -> client.awaitEnd(id, Duration.ofMinutes(2)))
                .toList();

        // then
        assertThat(ended)
                .extracting(generation -> generation.getString("status"))
                .containsOnly("COMPLETE");
        assertThat(breaker(management)).isEqualTo("CLOSED");
        List<JsonObject> failures = ended.stream()
                .flatMap(generation -> AttemptJson.attemptsOf(generation).stream())
                .filter(attempt -> !attempt.getString("outcome").equals("SUCCEEDED"))
                .toList();
        long counted = failures.stream()
                .filter(attempt -> attempt.getBoolean("counted"))
                .count();
        assertThat(counted).isPositive().isLessThanOrEqualTo((MINIMUM_CALLS + CONCURRENCY) * (1 + closedCount()));
        assertThat(failures.size() - counted)
                .as("failed probes, which do not count")
                .isGreaterThanOrEqualTo(4);
    }

    private long openedCount() {
        return lineCount("breaker opened");
    }

    private long closedCount() {
        return lineCount("breaker closed");
    }

    private long lineCount(String text) {
        return darkroomInstance.log().stream()
                .filter(line -> line.contains(text))
                .count();
    }

    private static String breaker(ApiClient management) {
        return management
                .get("/backends")
                .json()
                .getJsonArray("backends")
                .getJsonObject(0)
                .getString("breaker");
    }
}
