package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.e2e.FaultScenarioRunner.FirstAttempt;
import dev.darkroom.testing.GeneratedDocumentSection;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every fault of an AI server, once and persistently. Generates the table of faults in {@code docs/retries.md} and
 * fails when the page differs.
 */
class AiServerFaultsIT {
    /** Faults of each kind are divided into this many parts, which run at the same time. */
    private static final int PARTS = 3;

    private static final Duration LONG_TIMEOUT = Duration.ofSeconds(30);
    private static final Duration SHORT_TIMEOUT = Duration.ofSeconds(5);

    private static final GeneratedDocumentSection FAULT_TABLE = new GeneratedDocumentSection(
            "docs/retries.md",
            "faults",
            "a run of AiServerFaultsIT",
            "./mvnw verify -Pchaos -Dit.test=AiServerFaultsIT");

    private static final List<AiServerFault> FAULTS = AiServerFault.all().toList();

    private static final Map<AiServerFault, Future<FirstAttempt>> transientResults = new LinkedHashMap<>();
    private static final Map<AiServerFault, Future<JsonObject>> persistentResults = new LinkedHashMap<>();
    private static final List<ExecutorService> executors = new ArrayList<>();
    private static final List<FaultScenarioRunner> runners = new ArrayList<>();

    @BeforeAll
    static void runTransientFaults() {
        runAll(
                FaultScenarioRunner::forSingleFaults,
                FaultScenarioRunner::once,
                FaultScenarioRunner::once,
                transientResults);
    }

    /** Runs every fault until the generation ends. Many of them take as long as the deadline. */
    private static void runPersistentFaults() {
        runAll(
                FaultScenarioRunner::forPersistentFaults,
                FaultScenarioRunner::persistently,
                FaultScenarioRunner::persistently,
                persistentResults);
    }

    /** Runs the faults in parallel, because most of their time is waiting. Each group has an application of its own. */
    private static <T> void runAll(
            Function<Duration, FaultScenarioRunner> newRunner,
            BiFunction<FaultScenarioRunner, AiServerFault.ScriptedFault, T> scriptedScenario,
            Function<AiServerFault.ConnectionFault, T> connectionScenario,
            Map<AiServerFault, Future<T>> results) {
        List<AiServerFault.ScriptedFault> scripted = ofKind(AiServerFault.ScriptedFault.class);
        List<AiServerFault.ScriptedFault> quick =
                scripted.stream().filter(fault -> !fault.persistent()).toList();
        List<AiServerFault.ScriptedFault> slow = scripted.stream()
                .filter(AiServerFault.ScriptedFault::persistent)
                .toList();
        List<AiServerFault.ConnectionFault> connectionFaults = ofKind(AiServerFault.ConnectionFault.class);
        for (int part = 0; part < PARTS; part++) {
            runInOrder(newRunner.apply(LONG_TIMEOUT), partOf(quick, part), scriptedScenario, results);
            runInOrder(newRunner.apply(SHORT_TIMEOUT), partOf(slow, part), scriptedScenario, results);
            runInOrder(partOf(connectionFaults, part), connectionScenario, results);
        }
    }

    private static <F> List<F> ofKind(Class<F> kind) {
        return FAULTS.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private static <F> List<F> partOf(List<F> faults, int part) {
        return IntStream.range(0, faults.size())
                .filter(i -> i % PARTS == part)
                .mapToObj(faults::get)
                .toList();
    }

    private static <T> void runInOrder(
            FaultScenarioRunner runner,
            List<AiServerFault.ScriptedFault> faults,
            BiFunction<FaultScenarioRunner, AiServerFault.ScriptedFault, T> scenario,
            Map<AiServerFault, Future<T>> results) {
        runners.add(runner);
        runInOrder(faults, fault -> scenario.apply(runner, fault), results);
    }

    /** Runs faults one after the other on a thread of their own. */
    private static <F extends AiServerFault, T> void runInOrder(
            List<F> faults, Function<F, T> scenario, Map<AiServerFault, Future<T>> results) {
        ExecutorService executor = Executors.newSingleThreadExecutor();
        executors.add(executor);
        faults.forEach(fault -> results.put(fault, executor.submit(() -> scenario.apply(fault))));
    }

    @AfterAll
    static void stop() {
        executors.forEach(ExecutorService::shutdownNow);
        executors.clear();
        runners.forEach(FaultScenarioRunner::close);
        runners.clear();
    }

    static Stream<AiServerFault> faults() {
        return FAULTS.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void classifiesAndRecordsFaultAndRetriesWhenPossible(AiServerFault aiServerFault) throws Exception {
        // when
        FirstAttempt firstAttempt = transientResults.get(aiServerFault).get();

        // then
        JsonObject generation = firstAttempt.generation();
        List<JsonObject> attempts = AttemptJson.attemptsOf(generation);
        JsonObject error = attempts.get(0).getJsonObject("error");
        boolean failed = error != null;
        boolean retried = attempts.get(0).getString("retryAt") != null;
        if (aiServerFault instanceof AiServerFault.ScriptedFault scriptedFault) {
            assertThat(failed ? error.getInteger("httpStatus") : null).isEqualTo(scriptedFault.httpStatus());
            assertThat(firstAttempt.submissions()).isEqualTo(attempts.size());
            assertThat(attempts.size() > 1).isEqualTo(retried);
            assertThat(generation.getString("status")).isEqualTo(retried || !failed ? "COMPLETE" : "FAILED");
        }
        if (!failed) {
            assertThat(AttemptJson.summary(attempts.get(0))).isEqualTo("SUCCEEDED");
            assertThat(generation.getInteger("failedAttempts")).isZero();
        } else if (retried) {
            boolean timedOut = error.getString("code").equals("TIMED_OUT");
            assertThat(attempts.get(0).getString("outcome")).isEqualTo(timedOut ? "TIMEOUT" : "RETRYABLE");
        } else {
            assertThat(attempts.get(0).getString("outcome")).isEqualTo("PERMANENT");
            assertThat(generation.getInteger("failedAttempts")).isEqualTo(1);
            assertThat(generation.getJsonObject("error").getString("code")).isEqualTo(error.getString("code"));
            assertThat(generation.getJsonObject("error").getString("errorClass"))
                    .isEqualTo(error.getString("errorClass"));
            assertThat(generation.getJsonObject("error").getBoolean("retryable"))
                    .isFalse();
        }
    }

    @Test
    @Tag("chaos")
    void documentsObservedResults() throws Exception {
        // when, after the other scenarios: the connections of all of them exceed those of the database server
        for (AiServerFault aiServerFault : FAULTS) {
            transientResults.get(aiServerFault).get();
        }
        stop();
        runPersistentFaults();
        FaultTableRenderer table = new FaultTableRenderer();
        for (AiServerFault aiServerFault : FAULTS) {
            table.add(
                    aiServerFault,
                    transientResults.get(aiServerFault).get(),
                    persistentResults.get(aiServerFault).get());
        }

        // then
        FAULT_TABLE.assertContent(table.render());
    }
}
