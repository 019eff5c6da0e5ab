package dev.darkroom.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.darkroom.auth.ApiKey;
import dev.darkroom.auth.ApiKeyAdmin;
import dev.darkroom.auth.Principal;
import dev.darkroom.auth.Role;
import dev.darkroom.config.DatabaseUrl;
import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.DatabaseInvariants;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestApiKeys;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Two AI servers with thousands of generations: weights, an outage of one of them, and a drain. */
@Tag("chaos")
@Timeout(1_200)
class BackendFailoverUnderLoadIT {
    private static final int CONCURRENCY = 16;
    private static final int HALF_OPEN_CALLS = 3;
    private static final Duration TIMEOUT = Duration.ofMinutes(10);
    private static final Duration LATENCY = Duration.ofMillis(5);

    @TempDir
    Path directory;

    private final DatabaseUrl database = TestPostgres.migratedDatabase();
    private InProcessSimulator a;
    private InProcessSimulator b;
    private DarkroomInstance darkroom;
    private ApiClient user;
    private ApiClient admin;

    /** The outage of an AI server. */
    private enum Outage {
        REFUSED_CONNECTIONS,
        HANGING_CALLS,
        SERVER_ERRORS
    }

    @BeforeEach
    void start() throws IOException {
        a = new InProcessSimulator(LATENCY);
        b = new InProcessSimulator(LATENCY);
        Path conf =
                Files.writeString(directory.resolve("routing.yaml"), """
                backends:
                  a:
                    url: %s
                    timeout: 3s
                    breaker:
                      minimumCalls: 10
                      failurePercent: 10
                      connectionFailures: 5
                      slowCallDuration: 3s
                      openDuration: 500ms
                      maxOpenDuration: 1s
                      halfOpenCalls: %d
                  b:
                    url: %s
                models:
                  weighted: a=3, b=1
                  even: a=1, b=1
                """.formatted(a.url(), HALF_OPEN_CALLS, b.url()));
        darkroom = InProcessDarkroom.start(
                directory,
                DarkroomInstanceSettings.forTests()
                        .database(database)
                        .with("DARKROOM_CONF", conf.toString())
                        .with("DARKROOM_AUTH", "required")
                        .with("DARKROOM_WORKER_CONCURRENCY", String.valueOf(CONCURRENCY)));
        user = darkroom.client().withKey(TestApiKeys.create(database, "user"));
        ApiKey key = ApiKey.generate(new SecureRandom());
        try (ApiKeyAdmin keys = ApiKeyAdmin.open(database)) {
            keys.create(key, new Principal("root", Role.ADMIN), null);
        }
        admin = darkroom.client().withKey(key.secret());
    }

    @AfterEach
    void stop() {
        darkroom.close();
        a.close();
        b.close();
    }

    @Test
    void weightsHoldOverTenThousandGenerations() throws Exception {
        // when
        create(10_000, "weighted");
        awaitAllComplete(10_000);

        // then
        int callsOfA = a.recordedRequests().size();
        int callsOfB = b.recordedRequests().size();
        System.out.printf("weights 3 and 1: %d and %d of 10,000 submissions%n", callsOfA, callsOfB);
        assertThat(callsOfA + callsOfB).isEqualTo(10_000);
        assertThat(callsOfA).isCloseTo(7_500, withinPercentage(5));
        assertThat(callsOfB).isCloseTo(2_500, withinPercentage(5));
    }

    @ParameterizedTest
    @EnumSource(Outage.class)
    void otherServerCompletesEverythingDuringOutage(Outage outage) throws Exception {
        // given
        create(500, "even");
        Awaitility.await("both work").atMost(TIMEOUT).until(() -> successes("a") > 50 && attempts("b") > 50);

        // when
        int port = a.port();
        begin(outage);
        create(500, "even");
        awaitLogLine("breaker opened");
        int attemptsBeforeOpen = attempts("a");
        create(2_000, "even");
        awaitAllComplete(3_000);

        // then the failed server got only probes and the calls that had started before
        int failedAttempts = attempts("a") - successes("a");
        int attemptsWhileOpen = attempts("a") - attemptsBeforeOpen;
        long halfOpens = logLines("breaker half-open");
        int completedByB = successes("b");
        assertThat(attemptsWhileOpen).isLessThanOrEqualTo(CONCURRENCY + (int) (HALF_OPEN_CALLS * halfOpens));
        assertThat(failedAttempts).isPositive();
        // and each generation has one success, and none was submitted to the other server twice
        assertThat(successes("a") + completedByB).isEqualTo(3_000);
        assertThat(b.recordedRequests()).hasSize(completedByB);

        // when the server is back, it gets generations again without intervention
        end(outage, port);
        int before = successes("a");
        Awaitility.await("breaker closed").atMost(TIMEOUT).until(() -> {
            user.awaitEnd(user.create(request("even")).getString("id"));
            return logLines("breaker closed") > 0;
        });
        int probes = successes("a") - before;
        create(400, "even");
        awaitEnds();
        int callsAfterwards = successes("a") - before - probes;
        System.out.printf(
                "%s: 3,000 complete, %d by the other server; %d failed attempts, %d after the breaker opened with %d"
                        + " half-open periods; after the return %d of 400%n",
                outage, completedByB, failedAttempts, attemptsWhileOpen, halfOpens, callsAfterwards);
        assertThat(callsAfterwards).isBetween(100, 300);
        assertThat(statuses()).containsExactly("COMPLETE");
        DatabaseInvariants.assertNoViolations(database, directory.resolve("data/images"));
    }

    @Test
    void drainedServerGetsNothing() throws Exception {
        // given
        create(500, "even");
        Awaitility.await("a works").atMost(TIMEOUT).until(() -> attempts("a") > 50);

        // when
        assertThat(admin.send("POST", "/api/backends/a/drain", Map.of(), null).status())
                .isEqualTo(200);
        create(500, "even");
        awaitDrained(true);
        awaitNoCallOfA();
        int callsBefore = a.recordedRequests().size();
        create(2_000, "even");
        awaitAllComplete(3_000);

        // then
        int callsOfB = b.recordedRequests().size();
        System.out.printf("drain: %d submissions before, 0 after, %d to the other server%n", callsBefore, callsOfB);
        assertThat(a.recordedRequests()).hasSize(callsBefore);
        assertThat(callsBefore + callsOfB).isEqualTo(3_000);

        // when
        admin.send("POST", "/api/backends/a/enable", Map.of(), null);
        awaitDrained(false);
        create(200, "even");
        awaitAllComplete(3_200);

        // then
        assertThat(a.recordedRequests().size() - callsBefore).isCloseTo(100, withinPercentage(50));
    }

    private static JsonObject request(String model) {
        return new JsonObject().put("prompt", "a pier").put("model", model);
    }

    /** Creates generations with four concurrent clients, while the workers run them. */
    private void create(int count, String model) throws Exception {
        ExecutorService clients = Executors.newFixedThreadPool(4);
        try {
            List<Future<?>> created = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                created.add(clients.submit(() -> user.create(request(model))));
            }
            for (Future<?> each : created) {
                each.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
            }
        } finally {
            clients.shutdownNow();
        }
    }

    private void begin(Outage outage) {
        switch (outage) {
            case REFUSED_CONNECTIONS -> a.close();
            case HANGING_CALLS -> a.script(new JsonObject().put("hang", true).put("times", -1));
            case SERVER_ERRORS -> a.script(new JsonObject().put("status", 500).put("times", -1));
        }
    }

    private void end(Outage outage, int port) {
        if (outage == Outage.REFUSED_CONNECTIONS) {
            a = new InProcessSimulator(port, LATENCY);
        } else {
            a.script();
        }
    }

    private void awaitAllComplete(int count) {
        awaitEnds();
        assertThat(statuses()).containsExactly("COMPLETE");
        assertThat(TestPostgres.query(database, "SELECT count(*) FROM generations"))
                .containsExactly(String.valueOf(count));
    }

    private void awaitEnds() {
        Awaitility.await("all ended")
                .atMost(TIMEOUT)
                .pollInterval(Duration.ofMillis(200))
                .until(() -> TestPostgres.query(database, "SELECT 1 FROM generation_queue LIMIT 1")
                        .isEmpty());
    }

    private List<String> statuses() {
        return TestPostgres.query(database, "SELECT DISTINCT status FROM generations");
    }

    private int attempts(String backend) {
        return countAttempts("backend = '" + backend + "'");
    }

    private int successes(String backend) {
        return countAttempts("backend = '" + backend + "' AND outcome = 'SUCCEEDED'");
    }

    private int countAttempts(String condition) {
        return Integer.parseInt(
                TestPostgres.query(database, "SELECT count(*) FROM generation_attempts WHERE " + condition)
                        .get(0));
    }

    private long logLines(String message) {
        return darkroom.log().stream()
                .filter(line -> line.contains(message) && line.contains("backend=a"))
                .count();
    }

    private void awaitLogLine(String message) {
        Awaitility.await(message).atMost(TIMEOUT).until(() -> logLines(message) > 0);
    }

    /** Returns the state of the server {@code a} as the API shows it. */
    private JsonObject stateOfA() {
        return admin.get("/api/backends").json().getJsonArray("backends").stream()
                .map(JsonObject.class::cast)
                .filter(backend -> backend.getString("name").equals("a"))
                .findFirst()
                .orElseThrow();
    }

    private void awaitDrained(boolean drained) {
        Awaitility.await("drained: " + drained)
                .atMost(TIMEOUT)
                .until(() -> stateOfA().getJsonArray("nodes").getJsonObject(0).getBoolean("drained") == drained);
    }

    /** Waits for the end of the calls that started before the drain. */
    private void awaitNoCallOfA() {
        Awaitility.await("no call")
                .atMost(TIMEOUT)
                .until(() -> TestPostgres.query(database, "SELECT 1 FROM generation_queue WHERE attempt_backend = 'a'")
                        .isEmpty());
    }
}
