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

/** An AI server that fails eight calls of ten at random: it is left alone until it is well, and nobody pays for it. */
@Tag("chaos")
class FailingAiServerIT {
    private static final int WAITING = 40;
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
    void eightCallsOfTenFailAtRandomUntilItIsWellAgain() {
        // given the breaker as operators get it, but for a shorter rest, and an hour of time
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

        // when it has been tried and found sick several times
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < WAITING; i++) {
            ids.add(client.create("sick " + i));
        }
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> opened() >= 5);
        Awaitility.await("operators see it")
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> breaker(management), "OPEN"::equals);
        int asked = inProcessSimulator.recordedRequests().size();
        long lives = opened();

        // then hardly anybody was asked for, and the price was paid by the calls that opened it
        assertThat(asked).isLessThan((int) (lives * (MINIMUM_CALLS + CONCURRENCY)));

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
        assertThat(counted).isPositive().isLessThanOrEqualTo((MINIMUM_CALLS + CONCURRENCY) * (1 + closed()));
        assertThat(failures.size() - counted)
                .as("failed probes, nobody's fault")
                .isGreaterThanOrEqualTo(4);
    }

    private long opened() {
        return lines("breaker opened");
    }

    private long closed() {
        return lines("breaker closed");
    }

    private long lines(String text) {
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
