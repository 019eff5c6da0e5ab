package dev.darkroom.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.e2e.FaultBench.First;
import dev.darkroom.testing.GeneratedPart;
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
 * Everything that an AI server can do wrong, and what it comes to: observed here, and told by the table in
 * {@code docs/retries.md}, which fails this test when it tells anything else.
 */
class FaultsIT {
    private static final Duration LONG = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofSeconds(5);

    private static final GeneratedPart PART = new GeneratedPart(
            "docs/retries.md", "faults", "a run of FaultsIT", "./mvnw verify -Pchaos -Dit.test=FaultsIT");

    private static final List<Fault> FAULTS = Fault.all().toList();

    private static final Map<Fault, Future<First>> once = new LinkedHashMap<>();
    private static final Map<Fault, Future<JsonObject>> forEver = new LinkedHashMap<>();
    private static final List<ExecutorService> lanes = new ArrayList<>();
    private static final List<FaultBench> benches = new ArrayList<>();

    /** Most of the time is spent on waiting, so faults are tried side by side, each on a service where it is alone. */
    @BeforeAll
    static void meetEveryFault() {
        List<Fault.Scripted> scripted = only(Fault.Scripted.class);
        List<Fault.Scripted> quick =
                scripted.stream().filter(fault -> !fault.slow()).toList();
        List<Fault.Scripted> slow =
                scripted.stream().filter(Fault.Scripted::slow).toList();
        List<Fault.Elsewhere> elsewhere = only(Fault.Elsewhere.class);
        for (int part = 0; part < 2; part++) {
            lane(FaultBench.forOnce(LONG), half(quick, part), FaultBench::once, once);
            lane(half(elsewhere, part), FaultBench::once, once);
        }
        lane(FaultBench.forOnce(SHORT), slow, FaultBench::once, once);
    }

    /** Tries every fault that stays until its generation ends, which takes the time of a deadline for many of them. */
    private static void meetEveryFaultForEver() {
        List<Fault.Scripted> scripted = only(Fault.Scripted.class);
        List<Fault.Scripted> quick =
                scripted.stream().filter(fault -> !fault.slow()).toList();
        List<Fault.Scripted> slow =
                scripted.stream().filter(Fault.Scripted::slow).toList();
        List<Fault.Elsewhere> elsewhere = only(Fault.Elsewhere.class);
        for (int part = 0; part < 2; part++) {
            lane(FaultBench.forEver(LONG), half(quick, part), FaultBench::forEver, forEver);
            lane(half(elsewhere, part), FaultBench::forEver, forEver);
        }
        lane(FaultBench.forEver(SHORT), slow, FaultBench::forEver, forEver);
    }

    private static <F> List<F> only(Class<F> kind) {
        return FAULTS.stream().filter(kind::isInstance).map(kind::cast).toList();
    }

    private static <F> List<F> half(List<F> faults, int part) {
        return IntStream.range(0, faults.size())
                .filter(i -> i % 2 == part)
                .mapToObj(faults::get)
                .toList();
    }

    private static <T> void lane(
            FaultBench bench,
            List<Fault.Scripted> faults,
            BiFunction<FaultBench, Fault.Scripted, T> trial,
            Map<Fault, Future<T>> found) {
        benches.add(bench);
        lane(faults, fault -> trial.apply(bench, fault), found);
    }

    /** Tries faults one after the other, while the other lanes go on. */
    private static <F extends Fault, T> void lane(List<F> faults, Function<F, T> trial, Map<Fault, Future<T>> found) {
        ExecutorService lane = Executors.newSingleThreadExecutor();
        lanes.add(lane);
        faults.forEach(fault -> found.put(fault, lane.submit(() -> trial.apply(fault))));
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
            assertThat(attempts.size() > 1).isEqualTo(retried);
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
            assertThat(generation.getJsonObject("error").getString("errorClass"))
                    .isEqualTo(error.getString("errorClass"));
            assertThat(generation.getJsonObject("error").getBoolean("retryable"))
                    .isFalse();
        }
    }

    @Test
    @Tag("chaos")
    void thePageTellsWhatWasObserved() throws Exception {
        // when
        meetEveryFaultForEver();
        FaultTable table = new FaultTable();
        for (Fault fault : FAULTS) {
            table.add(fault, once.get(fault).get(), forEver.get(fault).get());
        }

        // then
        PART.assertShows(table.render());
    }
}
