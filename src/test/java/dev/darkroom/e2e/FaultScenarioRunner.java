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
 * A service on which faults are tried, one after the other: what the first attempt comes to, what the breaker makes of it,
 * and what a caller sees if the fault stays. Whatever is told here was observed from outside. The methods block.
 */
final class FaultScenarioRunner implements AutoCloseable {
    /** Longer than anything else that is waited for. */
    static final Duration MAX_RETRY_AFTER = Duration.ofSeconds(4);

    private static final JsonObject SERVER_ERROR_STEP = new JsonObject().put("status", 500);

    /** Services of one virtual machine share a log; the name of the AI server tells their lines apart. */
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String name = "bench-" + COUNT.incrementAndGet();
    private final Path directory;
    private final InProcessSimulator inProcessSimulator;
    private final DarkroomInstance darkroomInstance;
    private final ApiClient client;

    /**
     * What a fault that happens once comes to.
     *
     * @param generation as it ended, or stands
     * @param submissions that the AI server saw; null where there was none to see them
     * @param breaker what it heard
     * @param paused whether the AI server was left alone afterwards
     */
    record FirstAttempt(JsonObject generation, Integer submissions, BreakerReaction breaker, boolean paused) {
        JsonObject attempt() {
            return AttemptJson.attemptsOf(generation).get(0);
        }
    }

    /** What the breaker heard of an attempt, as it shows in what it does then. */
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
                .with("DARKROOM_RETRY_BASE", "10ms")
                .with("DARKROOM_RETRY_CAP", "10ms")
                .with("DARKROOM_RETRY_MAX_RETRY_AFTER", MAX_RETRY_AFTER.toSeconds() + "s")
                .with("DARKROOM_BACKEND_CONNECT_TIMEOUT", "3s")
                .with("DARKROOM_BACKEND_DOWNLOAD_NETWORKS", "127.0.0.0/8")
                .with("DARKROOM_BACKEND_MAX_RESPONSE_BYTES", "8388608")
                .with("DARKROOM_BACKEND_MAX_PICTURE_BYTES", "4194304");
    }

    /** A service whose breaker opens with the first sick call, or when more than half of the calls were sick. */
    private static DarkroomInstanceSettings breakerOpensAfterOne() {
        return settings()
                .with("DARKROOM_WORKER_CONCURRENCY", "1")
                .with("DARKROOM_RETRY_MAX_ATTEMPTS", "10")
                .with("DARKROOM_BACKEND_BREAKER_MINIMUM_CALLS", "1")
                .with("DARKROOM_BACKEND_BREAKER_FAILURE_PERCENT", "60")
                .with("DARKROOM_BACKEND_BREAKER_PROBES", "1")
                .with("DARKROOM_BACKEND_BREAKER_RESET", "100ms")
                .with("DARKROOM_BACKEND_BREAKER_MAX_RESET", "100ms");
    }

    /** A service with few attempts, a deadline that no attempt reaches, and a breaker that stays out of it. */
    private static DarkroomInstanceSettings shortDeadline() {
        return settings()
                .with("DARKROOM_RETRY_MAX_ATTEMPTS", "2")
                .with("DARKROOM_RETRY_MAX_UNCOUNTED", "2")
                .with("DARKROOM_GENERATION_DEADLINE", "10m");
    }

    /**
     * A bench for {@link #once(AiServerFault.Scripted)}.
     *
     * @param timeout of an attempt
     */
    static FaultScenarioRunner forOnce(Duration timeout) {
        return withAiServer(breakerOpensAfterOne(), timeout);
    }

    /**
     * A bench for {@link #forEver(AiServerFault.Scripted)}.
     *
     * @param timeout of an attempt
     */
    static FaultScenarioRunner forEver(Duration timeout) {
        return withAiServer(shortDeadline(), timeout);
    }

    /**
     * A fault that happens once, to a breaker that knows of no call yet. After it the AI server is sick three times: the
     * attempt that finds the breaker open is a probe, and probes are not counted, so which of the three it is tells what
     * the breaker heard of the fault. The last probe goes well, and the next fault finds it all new.
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
            // It was over for this generation, so another one meets what follows.
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

    /** As {@link #once(AiServerFault.Scripted)}; the breaker opens and stays so. */
    static FirstAttempt once(AiServerFault.ConnectionFault fault) {
        DarkroomInstanceSettings settings = breakerOpensAfterOne()
                .with("DARKROOM_BACKEND_BREAKER_RESET", "1m")
                .with("DARKROOM_BACKEND_BREAKER_MAX_RESET", "1m");
        try (BrokenServer server = fault.server().get();
                FaultScenarioRunner bench = withBrokenServer(server, settings)) {
            String id = bench.client.create(request()).getString("id");
            JsonObject generation = Awaitility.await("first attempt")
                    .atMost(Duration.ofSeconds(30))
                    .until(() -> bench.client.generation(id), FaultScenarioRunner::hasEndedAttempt);
            assertThat(bench.backend().getString("breaker")).isEqualTo("OPEN");
            return new FirstAttempt(generation, null, BreakerReaction.FAILURE, bench.pauseCount() > 0);
        }
    }

    private static boolean hasEndedAttempt(JsonObject generation) {
        List<JsonObject> attempts = AttemptJson.attemptsOf(generation);
        return !attempts.isEmpty() && attempts.get(0).containsKey("finishedAt");
    }

    /** A fault that stays; how the generation ended. */
    JsonObject forEver(AiServerFault.ScriptedFault fault) {
        inProcessSimulator.reset();
        inProcessSimulator.script(fault.step().get().put("times", -1));
        JsonObject ended = awaitFinished();
        inProcessSimulator.reset();
        awaitBreakerClosed();
        // Pauses grow until the AI server is well again.
        assertThat(awaitFinished().getString("status")).isEqualTo("COMPLETE");
        return ended;
    }

    /** As {@link #forEver(AiServerFault.Scripted)}. */
    static JsonObject forEver(AiServerFault.ConnectionFault fault) {
        try (BrokenServer server = fault.server().get();
                FaultScenarioRunner bench = withBrokenServer(server, shortDeadline())) {
            return bench.awaitFinished();
        }
    }

    private JsonObject awaitFinished() {
        return client.awaitEnd(client.create(request()).getString("id"));
    }

    /** Two pictures, so that there can be fewer. */
    private static JsonObject request() {
        return new JsonObject()
                .put("prompt", "a fault in the works")
                .put("width", 64)
                .put("height", 64)
                .put("count", 2);
    }

    private void awaitBreakerClosed() {
        Awaitility.await("end of the pause")
                .atMost(Duration.ofSeconds(60))
                .until(() -> backend().getInteger("pausedMs") == 0);
    }

    /** As operators see it. */
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
