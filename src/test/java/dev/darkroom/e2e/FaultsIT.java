package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.e2e.FaultBench.First;
import dev.darkroom.testing.GeneratedPart;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Everything that an AI server can do wrong, and what it comes to: observed here, and told by the table in
 * {@code docs/retries.md}, which fails this test when it tells anything else.
 */
class FaultsIT {
    /** Most of the time is spent on waiting, so a few faults are tried at once, each on a service of its own. */
    private static final int BENCHES = 4;

    private static final GeneratedPart PART = new GeneratedPart(
            "docs/retries.md",
            "faults",
            "a run of FaultsIT",
            "./mvnw verify -Dtest=None -Dsurefire.failIfNoSpecifiedTests=false -Dit.test=FaultsIT"
                    + " -Dfailsafe.failIfNoSpecifiedTests=false");

    private static final List<Fault> FAULTS = Fault.all().toList();

    private static final Map<Fault, Future<First>> once = new LinkedHashMap<>();
    private static final Map<Fault, Future<JsonObject>> forEver = new LinkedHashMap<>();
    private static final List<FaultBench> benches = new ArrayList<>();
    private static final List<ExecutorService> lanes = new ArrayList<>();

    @BeforeAll
    static void meetEveryFault() {
        meet(once, FaultBench::forOnce, FaultBench::once, FaultBench::once);
        meet(forEver, FaultBench::forEver, FaultBench::forEver, FaultBench::forEver);
    }

    /** How a scripted fault is tried on a bench. */
    private interface Trial<T> {
        T on(FaultBench bench, Fault.Scripted fault);
    }

    private static <T> void meet(
            Map<Fault, Future<T>> found,
            Supplier<FaultBench> maker,
            Trial<T> scripted,
            Function<Fault.Elsewhere, T> elsewhere) {
        ExecutorService lane = Executors.newFixedThreadPool(BENCHES);
        lanes.add(lane);
        BlockingQueue<FaultBench> free = new LinkedBlockingQueue<>();
        for (int i = 0; i < BENCHES; i++) {
            FaultBench bench = maker.get();
            benches.add(bench);
            free.add(bench);
        }
        FAULTS.forEach(fault -> found.put(fault, lane.submit(() -> {
            if (fault instanceof Fault.Elsewhere away) {
                return elsewhere.apply(away);
            }
            FaultBench bench = free.take();
            try {
                return scripted.on(bench, (Fault.Scripted) fault);
            } finally {
                free.add(bench);
            }
        })));
    }

    @AfterAll
    static void stop() {
        lanes.forEach(ExecutorService::shutdownNow);
        benches.forEach(FaultBench::close);
    }

    static Stream<Fault> faults() {
        return FAULTS.stream();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void aFaultIsSortedRecordedAndOvercomeWhereThatCanBe(Fault fault) throws Exception {
        // when
        First first = once.get(fault).get();

        // then
        JsonObject generation = first.generation();
        List<JsonObject> attempts = Attempts.of(generation);
        JsonObject error = attempts.get(0).getJsonObject("error");
        boolean failed = error != null;
        boolean retried = attempts.get(0).getString("retryAt") != null;
        if (fault instanceof Fault.Scripted scripted) {
            assertThat(failed ? error.getInteger("httpStatus") : null).isEqualTo(scripted.httpStatus());
            assertThat(first.submissions()).isEqualTo(attempts.size());
            assertThat(attempts).hasSize(retried ? 5 : 1);
            assertThat(generation.getString("status")).isEqualTo(retried || !failed ? "COMPLETE" : "FAILED");
        }
        if (!failed) {
            assertThat(Attempts.told(attempts.get(0))).isEqualTo("SUCCEEDED");
            assertThat(generation.getInteger("failedAttempts")).isZero();
        } else if (retried) {
            boolean timedOut = error.getString("code").equals("TIMED_OUT");
            assertThat(attempts.get(0).getString("outcome")).isEqualTo(timedOut ? "TIMEOUT" : "RETRYABLE");
        } else {
            assertThat(attempts.get(0).getString("outcome")).isEqualTo("PERMANENT");
            assertThat(generation.getInteger("failedAttempts")).isEqualTo(1);
            assertThat(generation.getJsonObject("error").getString("code")).isEqualTo(error.getString("code"));
            assertThat(generation.getJsonObject("error").getString("class")).isEqualTo(error.getString("class"));
            assertThat(generation.getJsonObject("error").getBoolean("retryable"))
                    .isFalse();
        }
    }

    @Test
    void thePageTellsWhatWasObserved() throws Exception {
        // when
        FaultTable table = new FaultTable();
        for (Fault fault : FAULTS) {
            table.add(fault, once.get(fault).get(), forEver.get(fault).get());
        }

        // then
        PART.assertShows(table.render());
    }
}
