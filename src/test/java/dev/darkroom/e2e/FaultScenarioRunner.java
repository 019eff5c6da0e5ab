package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient;
import dev.darkroom.testing.BrokenServer;
import dev.darkroom.testing.DarkroomInstance;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.InProcessDarkroom;
import dev.darkroom.testing.InProcessSimulator;
import dev.darkroom.testing.TestDirectories;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;

/**
 * Application that runs faults one after the other and observes three results from outside: the outcome of the first
 * attempt, the reaction of the circuit breaker, and the result that clients get if the fault persists. The methods
 * block.
 */
final class FaultScenarioRunner implements AutoCloseable {
    /** Longer than any other wait of the scenarios. */
    static final Duration MAX_RETRY_AFTER = Duration.ofSeconds(4);

    private static final JsonObject SERVER_ERROR_STEP = new JsonObject().put("status", 500);

    /** Applications in one virtual machine share a log. The name of the AI server identifies their lines. */
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String name = "runner-" + COUNT.incrementAndGet();
    private final Path directory;
    private final InProcessSimulator inProcessSimulator;
    private final DarkroomInstance darkroomInstance;
    private final ApiClient client;

    /**
     * Result of a fault that happens once.
     *
     * @param generation the generation after it ended, or its current state
     * @param submissions number of submissions that the AI server received; null if it received none because of the
     * fault
     * @param breaker outcome that the circuit breaker recorded
     * @param paused whether calls to the AI server were paused afterwards
     */
    record FirstAttempt(JsonObject generation, Integer submissions, BreakerReaction breaker, boolean paused) {
        JsonObject attempt() {
            return AttemptJson.attemptsOf(generation).get(0);
        }
    }

    /** Outcome that the circuit breaker recorded for an attempt, inferred from its later behavior. */
    enum BreakerReaction {
        FAILURE,
        IGNORED,
        SUCCESS
    }

    private FaultScenarioRunner(DarkroomInstanceSettings settings, InProcessSimulator inProcessSimulator) {
        this.inProcessSimulator = inProcessSimulator;
        try {
            directory = Files.createTempDirectory("darkroom-test");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        darkroomInstance = InProcessDarkroom.start(directory, settings.with("DARKROOM_BACKEND_NAME", name));
        client = darkroomInstance.client();
    }

    private static FaultScenarioRunner withAiServer(DarkroomInstanceSettings settings, Duration timeout) {
        InProcessSimulator inProcessSimulator = new InProcessSimulator(Duration.ofMillis(10));
        return new FaultScenarioRunner(
                settings.aiServer(inProcessSimulator).with("DARKROOM_BACKEND_TIMEOUT", timeout.toMillis() + "ms"),
                inProcessSimulator);
    }

    private static FaultScenarioRunner withBrokenServer(BrokenServer server, DarkroomInstanceSettings settings) {
        return new FaultScenarioRunner(
                settings.with("DARKROOM_BACKEND_URL", server.url().toString()), null);
    }

    private static DarkroomInstanceSettings settings() {
        return DarkroomInstanceSettings.forTests()
                .database(TestPostgres.migratedDatabase())
                .with("DARKROOM_API_INSTANCES", "1")
                .with("DARKROOM_GENERATION_INSTANCES", "1")
                .with("DARKROOM_DATABASE_POOL_SIZE", "4")
                .with("DARKROOM_RETRY_INITIAL_DELAY", "10ms")
                .with("DARKROOM_RETRY_MAX_DELAY", "10ms")
                .with("DARKROOM_RETRY_MAX_RETRY_AFTER", MAX_RETRY_AFTER.toSeconds() + "s")
                .with("DARKROOM_BACKEND_CONNECT_TIMEOUT", "3s")
                .with("DARKROOM_BACKEND_DOWNLOAD_NETWORKS", "127.0.0.0/8")
                .with("DARKROOM_BACKEND_MAX_RESPONSE_BYTES", "8388608")
                .with("DARKROOM_BACKEND_MAX_IMAGE_BYTES", "4194304");
    }

    /** Settings with a breaker that opens after the first failed call, or when more than half of the calls failed. */
    private static DarkroomInstanceSettings breakerOpensAfterOne() {
        return settings()
                .with("DARKROOM_WORKER_CONCURRENCY", "1")
                .with("DARKROOM_RETRY_MAX_ATTEMPTS", "10")
                .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", "1")
                .with("DARKROOM_BACKEND_BREAKER_FAILURE_PERCENT", "60")
                .with("DARKROOM_BACKEND_BREAKER_HALF_OPEN_CALLS", "1")
                .with("DARKROOM_BACKEND_BREAKER_OPEN_DURATION", "100ms")
                .with("DARKROOM_BACKEND_BREAKER_MAX_OPEN_DURATION", "100ms");
    }

    /** Settings with few attempts, a deadline that no attempt reaches, and a breaker that does not interfere. */
    private static DarkroomInstanceSettings shortDeadline() {
        return settings()
                .with("DARKROOM_RETRY_MAX_ATTEMPTS", "2")
                .with("DARKROOM_RETRY_MAX_UNCOUNTED_ATTEMPTS", "2")
                .with("DARKROOM_GENERATION_DEADLINE", "10m");
    }

    /**
     * Creates a runner for {@link #once(AiServerFault.ScriptedFault)}.
     *
     * @param timeout timeout of an attempt
     */
    static FaultScenarioRunner forSingleFaults(Duration timeout) {
        return withAiServer(breakerOpensAfterOne(), timeout);
    }

    /**
     * Creates a runner for {@link #persistently(AiServerFault.ScriptedFault)}.
     *
     * @param timeout timeout of an attempt
     */
    static FaultScenarioRunner forPersistentFaults(Duration timeout) {
        return withAiServer(shortDeadline(), timeout);
    }

    /**
     * Runs a fault once, with a breaker that has recorded no call. Afterwards the AI server fails three times. The
     * attempt that finds the breaker open is a probe, and probes are not counted. Its position therefore shows the
     * outcome that the breaker recorded for the fault. The last probe succeeds, so the next fault starts with an empty
     * breaker.
     */
    FirstAttempt once(AiServerFault.ScriptedFault fault) {
        inProcessSimulator.reset();
        long pausesBefore = pauseCount();
        inProcessSimulator.script(fault.step().get(), SERVER_ERROR_STEP, SERVER_ERROR_STEP, SERVER_ERROR_STEP);
        JsonObject generation = awaitFinished();
        List<JsonObject> attempts = new ArrayList<>(AttemptJson.attemptsOf(generation));
        int submissions =
                inProcessSimulator.recordedRequests(generation.getString("id")).size();
        boolean paused = pauseCount() > pausesBefore;
        if (attempts.size() == 1) {
            // The generation has ended, so another generation gets the remaining failures.
            attempts.addAll(AttemptJson.attemptsOf(awaitFinished()));
        }
        return new FirstAttempt(generation, submissions, breakerReaction(attempts), paused);
    }

    private static BreakerReaction breakerReaction(List<JsonObject> attempts) {
        for (BreakerReaction breakerReaction : BreakerReaction.values()) {
            if (!attempts.get(breakerReaction.ordinal() + 1).getBoolean("counted")) {
                return breakerReaction;
            }
        }
        throw new AssertionError("the breaker did not open in the end: " + attempts);
    }

    /**
     * Runs a connection fault once, as {@link #once(AiServerFault.ScriptedFault)} does. The breaker opens and stays
     * open.
     */
    static FirstAttempt once(AiServerFault.ConnectionFault fault) {
        DarkroomInstanceSettings settings = breakerOpensAfterOne()
                .with("DARKROOM_BACKEND_BREAKER_OPEN_DURATION", "1m")
                .with("DARKROOM_BACKEND_BREAKER_MAX_OPEN_DURATION", "1m");
        try (BrokenServer server = fault.server().get();
                FaultScenarioRunner runner = withBrokenServer(server, settings)) {
            String id = runner.client.create(request()).getString("id");
            JsonObject generation = Awaitility.await("first attempt")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> runner.client.generation(id), FaultScenarioRunner::hasEndedAttempt);
            assertThat(runner.backend().getString("breaker")).isEqualTo("OPEN");
            return new FirstAttempt(generation, null, BreakerReaction.FAILURE, runner.pauseCount() > 0);
        }
    }

    private static boolean hasEndedAttempt(JsonObject generation) {
        List<JsonObject> attempts = AttemptJson.attemptsOf(generation);
        return !attempts.isEmpty() && attempts.get(0).containsKey("finishedAt");
    }

    /** Runs a persistent fault and returns the ended generation. */
    JsonObject persistently(AiServerFault.ScriptedFault fault) {
        inProcessSimulator.reset();
        inProcessSimulator.script(fault.step().get().put("times", -1));
        JsonObject ended = awaitFinished();
        inProcessSimulator.reset();
        awaitBreakerClosed();
        // Pauses grow until the AI server has recovered.
        assertThat(awaitFinished().getString("status")).isEqualTo("COMPLETE");
        return ended;
    }

    /** Runs a persistent connection fault, as {@link #persistently(AiServerFault.ScriptedFault)} does. */
    static JsonObject persistently(AiServerFault.ConnectionFault fault) {
        try (BrokenServer server = fault.server().get();
                FaultScenarioRunner runner = withBrokenServer(server, shortDeadline())) {
            return runner.awaitFinished();
        }
    }

    private JsonObject awaitFinished() {
        return client.awaitEnd(client.create(request()).getString("id"));
    }

    /** Requests two images, so that a response can have fewer. */
    private static JsonObject request() {
        return new JsonObject()
                .put("prompt", "a lighthouse")
                .put("width", 64)
                .put("height", 64)
                .put("count", 2);
    }

    private void awaitBreakerClosed() {
        Awaitility.await("end of the pause")
                .atMost(Duration.ofSeconds(60))
                .until(() -> backend().getInteger("retryAfterMs") == 0);
    }

    /** Returns the state of the AI server as the management port reports it. */
    private JsonObject backend() {
        return new ApiClient(darkroomInstance.management())
                .get("/backends")
                .json()
                .getJsonArray("backends")
                .getJsonObject(0);
    }

    private long pauseCount() {
        return darkroomInstance.log().stream()
                .filter(line -> line.contains("backend paused") && line.endsWith("backend=" + name))
                .count();
    }

    @Override
    public void close() {
        darkroomInstance.close();
        if (inProcessSimulator != null) {
            inProcessSimulator.close();
        }
        TestDirectories.delete(directory);
    }
}
