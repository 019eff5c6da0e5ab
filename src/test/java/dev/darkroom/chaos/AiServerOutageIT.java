package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.e2e.AttemptJson;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checks an AI server outage of three minutes with 500 pending generations: none fails, and the call rate ramps up afterwards.
 * The breaker has its default settings, except that it checks at least every 20 s whether the outage is over.
 */
@Tag("chaos")
class AiServerOutageIT {
    private static final int GENERATIONS = 500;
    private static final Duration OUTAGE = Duration.ofMinutes(3);
    private static final Duration TIMEOUT = Duration.ofMinutes(5);
    private static final int CONCURRENCY = 16;
    private static final int PROBES = 3;
    private static final int LATENCY_MS = 300;

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.newDatabase();
    private InProcessSimulator inProcessSimulator;
    private DarkroomInstance darkroomInstance;
    private ApiClient client;

    @BeforeEach
    void start() {
        inProcessSimulator = new InProcessSimulator(Duration.ofMillis(LATENCY_MS));
        darkroomInstance = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .aiServer(inProcessSimulator)
                        .with("DARKROOM_NODE_TTL", "15s")
                        .with("DARKROOM_WORKER_CONCURRENCY", String.valueOf(CONCURRENCY))
                        .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", "10")
                        .with("DARKROOM_BACKEND_BREAKER_CONNECTION_FAILURES", "5")
                        .with("DARKROOM_BACKEND_BREAKER_HALF_OPEN_CALLS", String.valueOf(PROBES))
                        .with("DARKROOM_BACKEND_BREAKER_OPEN_DURATION", "10s")
                        .with("DARKROOM_BACKEND_BREAKER_MAX_OPEN_DURATION", "20s"));
        client = darkroomInstance.client();
    }

    @AfterEach
    void stop() {
        darkroomInstance.close();
        inProcessSimulator.close();
    }

    @Test
    void recoversFromRefusedConnections() {
        // given an AI server whose port refuses connections, and pending generations
        int port = inProcessSimulator.port();
        inProcessSimulator.close();
        List<String> ids = createGenerations();

        // when
        waitDuringOutage();
        inProcessSimulator = new InProcessSimulator(port, Duration.ofMillis(LATENCY_MS));

        // then
        List<JsonObject> ended = awaitEnd(ids);
        assertThat(failures(ended))
                .isNotEmpty()
                .allMatch(attempt -> AttemptJson.summary(attempt).endsWith("CONNECTION_REFUSED uncounted"));
        assertCallRateRampsUp(inProcessSimulator.recordedRequests());
    }

    @Test
    void recoversFrom503Responses() {
        // given
        inProcessSimulator.script(new JsonObject().put("status", 503).put("times", -1));
        List<String> ids = createGenerations();

        // when
        waitDuringOutage();
        inProcessSimulator.script();

        // then only calls that ran before the breaker opened count as failed attempts
        List<JsonObject> ended = awaitEnd(ids);
        assertThat(failures(ended))
                .filteredOn(attempt -> attempt.getBoolean("counted"))
                .hasSizeBetween(10, 9 + CONCURRENCY);
        assertCallRateRampsUp(inProcessSimulator.recordedRequests().stream()
                .filter(request -> request.getString("response").equals("image"))
                .toList());
    }

    private List<String> createGenerations() {
        List<String> ids = new ArrayList<>();
        for (int i = 0; i < GENERATIONS; i++) {
            ids.add(client.create(new JsonObject()
                            .put("prompt", "waiting " + i)
                            .put("width", 64)
                            .put("height", 64))
                    .getString("id"));
        }
        return ids;
    }

    private void waitDuringOutage() {
        Instant end = Instant.now().plus(OUTAGE);
        Awaitility.await("the outage")
                .pollInterval(Duration.ofMillis(100))
                .atMost(OUTAGE.plusSeconds(30))
                .until(() -> Instant.now().isAfter(end) && failedRecoveryCount() >= 3);
    }

    /** Counts failed probes and, for a server that refuses connections, failed health checks. */
    private long failedRecoveryCount() {
        return darkroomInstance.log().stream()
                .filter(line -> line.contains("breaker opened") || line.contains("breaker stays open"))
                .count();
    }

    private List<JsonObject> awaitEnd(List<String> ids) {
        List<JsonObject> ended =
                ids.stream().map(id -> client.awaitEnd(id, TIMEOUT)).toList();
        assertThat(ended)
                .extracting(generation -> generation.getString("status"))
                .containsOnly("COMPLETE");
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
        return ended;
    }

    private static List<JsonObject> failures(List<JsonObject> ended) {
        return ended.stream()
                .flatMap(generation -> AttemptJson.attemptsOf(generation).stream())
                .filter(attempt -> !attempt.getString("outcome").equals("SUCCEEDED"))
                .toList();
    }

    /** Checks the concurrency from the arrival times: first the probes alone, then one more call per successful call. */
    private static void assertCallRateRampsUp(List<JsonObject> requests) {
        List<Long> times =
                requests.stream().map(request -> millis(request)).sorted().toList();
        List<Long> inEachSlot = new ArrayList<>();
        for (int slot = 0; slot < 12; slot++) {
            long from = times.get(0) + (long) slot * LATENCY_MS;
            inEachSlot.add(times.stream()
                    .filter(time -> time >= from && time < from + LATENCY_MS)
                    .count());
        }
        System.out.printf("calls begun in each %d ms after the return: %s%n", LATENCY_MS, inEachSlot);
        // A call takes at least LATENCY_MS. Calls that began within that time therefore ran concurrently.
        for (int i = 0; i < times.size(); i++) {
            int ended = endedBy(times, times.get(i));
            long running = i + 1 - ended;
            assertThat(running)
                    .as("concurrent calls at call %d, after %d successful calls", i, ended)
                    .isLessThanOrEqualTo(Math.min(CONCURRENCY, PROBES + ended));
        }
        assertThat(inEachSlot.get(0)).isLessThanOrEqualTo(PROBES);
        assertThat(inEachSlot).as("the ramp ends at full speed").anyMatch(calls -> calls > CONCURRENCY / 2);
    }

    private static int endedBy(List<Long> times, long now) {
        return (int) times.stream().filter(time -> time + LATENCY_MS <= now).count();
    }

    private static long millis(JsonObject request) {
        return AttemptJson.parseTime(request, "at").toEpochMilli();
    }
}
