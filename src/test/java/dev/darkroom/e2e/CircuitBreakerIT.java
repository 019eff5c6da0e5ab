package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Circuit breaker of the AI server: an outage uses up no attempts, and work resumes without intervention. */
class CircuitBreakerIT {
    private static final int THRESHOLD = 3;
    private static final int PROBES = 2;
    private static final DatabaseUrl DATABASE = TestPostgres.migratedDatabase();

    @TempDir
    Path directory;

    private final DarkroomInstanceSettings settings = DarkroomInstanceSettings.forTests()
            .database(DATABASE)
            .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", String.valueOf(THRESHOLD))
            .with("DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES", String.valueOf(THRESHOLD))
            .with("DARKROOM_BACKEND_BREAKER_HALF_OPEN_CALLS", String.valueOf(PROBES))
            .with("DARKROOM_BACKEND_BREAKER_OPEN_DURATION", "500ms")
            .with("DARKROOM_BACKEND_BREAKER_MAX_OPEN_DURATION", "500ms");
    private InProcessSimulator inProcessSimulator;
    private DarkroomInstance darkroomInstance;
    private ApiClient client;

    @BeforeEach
    void startAiServer() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
    }

    @AfterEach
    void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
    }

    private void start(DarkroomInstanceSettings customized) {
        darkroomInstance = InProcessDarkroom.start(directory, customized.aiServer(inProcessSimulator));
        client = darkroomInstance.client();
    }

    private long countLines(String text) {
        return darkroomInstance.log().stream()
                .filter(line -> line.contains(text))
                .count();
    }

    private void awaitLines(String text, long count) {
        Awaitility.await(count + " lines " + text)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> countLines(text) >= count);
    }

    /** Returns the state of the breaker as the management port reports it. */
    private String breakerState() {
        return new ApiClient(darkroomInstance.management())
                .get("/backends")
                .json()
                .getJsonArray("backends")
                .getJsonObject(0)
                .getString("breaker");
    }

    @Test
    void outageUsesUpNoAttempts() {
        // given an AI server whose port refuses connections
        start(settings);
        int port = inProcessSimulator.port();
        inProcessSimulator.close();

        // when generations wait through several failed health checks until the server is back
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            ids.add(client.create("waiting " + i));
        }
        awaitLines("breaker opened", 1);
        awaitLines("backend health check failed, breaker stays open", 3);
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> breakerState(), "OPEN"::equals);
        List<JsonObject> waiting = ids.stream().map(client::generation).toList();
        inProcessSimulator = new InProcessSimulator(port, Duration.ofMillis(10));
        List<JsonObject> ended = ids.stream().map(client::awaitEnd).toList();

        // then
        assertThat(breakerState()).isEqualTo("CLOSED");
        assertThat(waiting)
                .extracting(generation -> generation.getString("status"))
                .containsOnly("PENDING");
        assertThat(ended)
                .extracting(generation -> generation.getString("status"))
                .containsOnly("COMPLETE");
        for (JsonObject generation : ended) {
            assertThat(AttemptJson.attemptsOf(generation))
                    .filteredOn(attempt -> !attempt.getString("outcome").equals("SUCCEEDED"))
                    .extracting(AttemptJson::summary)
                    .allMatch("RETRYABLE NOT_SENT CONNECTION_REFUSED uncounted"::equals);
            assertThat(inProcessSimulator.recordedRequests(generation.getString("id")))
                    .hasSize(1);
        }
        assertThat(countLines("breaker closed")).isEqualTo(1);
        // Up to four calls were in flight when the breaker opened. After that there were only probes.
        int failed = ended.stream()
                .mapToInt(generation -> generation.getInteger("failedAttempts"))
                .sum();
        assertThat(failed).isBetween(THRESHOLD, THRESHOLD + 3 + PROBES * (int) countLines("breaker half-open"));
    }

    @Test
    void failedProbeIsUncountedAndRequeuesGeneration() {
        // given one call at a time, and a breaker that opens and sends no probe before the second generation exists
        start(settings.with("DARKROOM_WORKER_CONCURRENCY", "1").with("DARKROOM_RETRY_INITIAL_DELAY", "10ms"));
        inProcessSimulator.script(
                new JsonObject().put("status", 500).put("times", THRESHOLD),
                new JsonObject().put("drop", true).put("times", -1).put("models", true));
        String first = client.create("the first");
        awaitLines("breaker opened", 1);
        String second = client.create("the second");

        // when two probes fail
        inProcessSimulator.script(new JsonObject().put("status", 500).put("times", 2));
        JsonObject firstEnded = client.awaitEnd(first);
        JsonObject secondEnded = client.awaitEnd(second);

        // then
        assertThat(firstEnded.getString("status")).isEqualTo("COMPLETE");
        assertThat(secondEnded.getString("status")).isEqualTo("COMPLETE");
        List<String> attempts = new ArrayList<>();
        AttemptJson.attemptsOf(firstEnded).forEach(attempt -> attempts.add(AttemptJson.summary(attempt)));
        AttemptJson.attemptsOf(secondEnded).forEach(attempt -> attempts.add(AttemptJson.summary(attempt)));
        String counted = "RETRYABLE SERVER_ERROR SERVER_ERROR counted";
        String uncounted = "RETRYABLE SERVER_ERROR SERVER_ERROR uncounted";
        assertThat(attempts).filteredOn(counted::equals).hasSize(THRESHOLD);
        assertThat(attempts).filteredOn(uncounted::equals).hasSize(2);
        assertThat(attempts).filteredOn("SUCCEEDED"::equals).hasSize(2);
        List<String> keys = inProcessSimulator.recordedRequests().stream()
                .map(request -> request.getString("key"))
                .toList();
        assertThat(keys.subList(0, THRESHOLD)).containsOnly(first);
        assertThat(keys.subList(THRESHOLD, THRESHOLD + 2))
                .as("the two probes that failed")
                .containsExactlyInAnyOrder(first, second);
    }

    @Test
    void sendsNothingWhileBreakerIsOpen() {
        // given one call at a time
        start(settings.with("DARKROOM_WORKER_CONCURRENCY", "1").with("DARKROOM_RETRY_INITIAL_DELAY", "10ms"));
        inProcessSimulator.script(new JsonObject().put("status", 503).put("times", THRESHOLD + 2));

        // when
        JsonObject ended = client.awaitEnd(client.create("waits for the breaker"));

        // then every submission either opened the breaker or was a probe
        assertThat(ended.getString("status")).isEqualTo("COMPLETE");
        assertThat(inProcessSimulator.recordedRequests()).hasSize(THRESHOLD + 3);
        List<String> transitions = darkroomInstance.log().stream()
                .filter(line -> line.contains("breaker "))
                .map(line -> line.replaceAll(".*(breaker (?:opened|half-open|closed)).*", "$1"))
                .toList();
        assertThat(transitions)
                .containsExactly(
                        "breaker opened",
                        "breaker half-open",
                        "breaker opened",
                        "breaker half-open",
                        "breaker opened",
                        "breaker half-open",
                        "breaker closed");
        assertThat(AttemptJson.attemptsOf(ended))
                .extracting(attempt -> attempt.getBoolean("counted"))
                .containsExactly(true, true, true, false, false, true);
        assertThat(AttemptJson.attemptsOf(ended).stream()
                        .skip(THRESHOLD)
                        .map(attempt -> AttemptJson.parseTime(attempt, "startedAt"))
                        .toList())
                .isSorted();
        for (int probe = THRESHOLD; probe < THRESHOLD + 3; probe++) {
            // Uses the AI server's clock, because the database may record the end of an attempt late.
            Duration pause = Duration.between(
                    AttemptJson.parseTime(inProcessSimulator.recordedRequests().get(probe - 1), "at"),
                    AttemptJson.parseTime(inProcessSimulator.recordedRequests().get(probe), "at"));
            assertThat(pause).isGreaterThan(Duration.ofMillis(450));
        }
    }

    @Test
    void persistentServerFailureEndsGenerationBeforeDeadline() {
        // given a limit of 3 uncounted attempts, and a server whose list of models works
        start(settings.with("DARKROOM_WORKER_CONCURRENCY", "1")
                .with("DARKROOM_RETRY_INITIAL_DELAY", "10ms")
                .with("DARKROOM_RETRY_MAX_UNCOUNTED_ATTEMPTS", "3"));
        inProcessSimulator.script(new JsonObject().put("status", 500).put("times", -1));

        // when
        JsonObject ended = client.awaitEnd(client.create("fails permanently"));

        // then
        assertThat(ended.getString("status")).isEqualTo("FAILED");
        assertThat(ended.getJsonObject("error").getString("code")).isEqualTo("ATTEMPTS_EXHAUSTED");
        assertThat(ended.getJsonObject("error").getString("message"))
                .contains("reasons unrelated to the generation")
                .contains("The AI server failed.");
        assertThat(inProcessSimulator.recordedRequests()).hasSize(THRESHOLD + 3);
    }

    @Test
    void sendsNoProbeWhileHealthCheckFails() {
        // given open times that grow, so that none of them ends during the test
        start(settings.with("DARKROOM_WORKER_CONCURRENCY", "1")
                .with("DARKROOM_RETRY_INITIAL_DELAY", "10ms")
                .with("DARKROOM_BACKEND_BREAKER_MAX_OPEN_DURATION", "1m"));
        inProcessSimulator.script(
                new JsonObject().put("status", 503).put("times", -1).put("models", true));

        // when
        String id = client.create("waits for the health check");
        awaitLines("backend health check failed, breaker stays open", 3);

        // then
        assertThat(inProcessSimulator.recordedRequests()).hasSize(THRESHOLD);

        // when
        inProcessSimulator.script();
        assertThat(client.awaitEnd(id).getString("status")).isEqualTo("COMPLETE");
    }

    @Test
    void outageAloneFailsGenerationsAtDeadlineOnly() {
        // given
        start(settings.with("DARKROOM_GENERATION_DEADLINE", "3s"));
        inProcessSimulator.close();

        // when
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            ids.add(client.create("out of time " + i));
        }
        List<JsonObject> ended = ids.stream().map(client::awaitEnd).toList();

        // then
        for (JsonObject generation : ended) {
            assertThat(generation.getString("status")).isEqualTo("FAILED");
            assertThat(generation.getJsonObject("error").getString("code")).isEqualTo("DEADLINE_EXCEEDED");
            assertThat(generation.getJsonObject("error").getString("errorClass"))
                    .isEqualTo("NOT_SENT");
            assertThat(AttemptJson.attemptsOf(generation))
                    .extracting(AttemptJson::summary)
                    .allMatch("RETRYABLE NOT_SENT CONNECTION_REFUSED uncounted"::equals);
        }
    }
}
