package dev.darkroom.generation.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptCounts;
import dev.darkroom.generation.store.TestFailures;
import dev.darkroom.generation.worker.RetryDecision.Fail;
import dev.darkroom.generation.worker.RetryDecision.Retry;
import dev.darkroom.generation.worker.RetryPolicy.BackendConditions;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Decisions after one attempt without success. */
class RetryPolicyTest {
    private static final Duration LONG_TIME = Duration.ofDays(1);
    private static final Duration INITIAL_DELAY = Duration.ofSeconds(1);
    private static final Duration MAX_DELAY = Duration.ofSeconds(60);

    private static RetryPolicy policy(double random) {
        return new RetryPolicy(TestFailures.retrySettings(INITIAL_DELAY, MAX_DELAY), () -> random);
    }

    private static Arguments row(FailureClass failureClass, boolean retried, boolean counted, boolean countedAsProbe) {
        return Arguments.of(failureClass, retried, counted, countedAsProbe);
    }

    static Stream<Arguments> classes() {
        return Stream.of(
                //                                    retried counted counted as probe
                row(FailureClass.NOT_SENT, true, false, false),
                row(FailureClass.REJECTED_RETRYABLE, true, true, false),
                row(FailureClass.SERVER_ERROR, true, true, false),
                row(FailureClass.AMBIGUOUS, true, true, false),
                row(FailureClass.RESULT_LOST, true, true, false),
                row(FailureClass.INVALID_RESULT, true, true, false),
                row(FailureClass.RESULT_DOWNLOAD, true, true, false),
                row(FailureClass.RESULT_STORE, true, false, false),
                row(FailureClass.INTERNAL, true, false, false),
                row(FailureClass.TERMINAL_INPUT, false, true, true),
                row(FailureClass.TERMINAL_AUTH, false, true, true),
                row(FailureClass.MODERATED, false, true, true));
    }

    @Test
    void tableContainsEveryFailureClass() {
        assertThat(classes().map(row -> row.get()[0])).containsExactlyInAnyOrder((Object[]) FailureClass.values());
    }

    @ParameterizedTest
    @MethodSource("classes")
    void failureClassDecides(FailureClass failureClass, boolean retried, boolean counted, boolean countedAsProbe) {
        // given
        BackendFailure backendFailure = TestFailures.of(failureClass);

        // when
        RetryDecision decision = policy(0)
                .decideAfterFailure(
                        backendFailure,
                        AttemptCounts.NONE,
                        new BackendConditions(false, false, false, false),
                        LONG_TIME);
        RetryDecision asProbe = policy(0)
                .decideAfterFailure(
                        backendFailure,
                        AttemptCounts.NONE,
                        new BackendConditions(true, false, false, false),
                        LONG_TIME);

        // then
        assertThat(decision).isInstanceOf(retried ? Retry.class : Fail.class);
        assertThat(asProbe).isInstanceOf(retried ? Retry.class : Fail.class);
        assertThat(decision.counted()).isEqualTo(counted);
        assertThat(asProbe.counted()).isEqualTo(countedAsProbe);
        if (decision instanceof Fail fail) {
            assertThat(fail.error().code()).isEqualTo(backendFailure.code());
            assertThat(fail.error().failureClass()).isEqualTo(failureClass);
            assertThat(fail.error().message()).isEqualTo(backendFailure.message());
            assertThat(fail.error().retryable()).isFalse();
        }
    }

    @ParameterizedTest
    @MethodSource("classes")
    void lastCountedFailureExhaustsTheAttempts(
            FailureClass failureClass, boolean retried, boolean counted, boolean countedAsProbe) {
        // given four counted failures, of five allowed
        BackendFailure backendFailure = TestFailures.of(failureClass);

        // when
        RetryDecision decision = policy(0)
                .decideAfterFailure(
                        backendFailure,
                        new AttemptCounts(4, 0, 0),
                        new BackendConditions(false, false, false, false),
                        LONG_TIME);

        // then
        if (retried && counted) {
            assertThat(decision).isInstanceOfSatisfying(Fail.class, fail -> {
                assertThat(fail.counted()).isTrue();
                assertThat(fail.error().code()).isEqualTo("ATTEMPTS_EXHAUSTED");
                assertThat(fail.error().failureClass()).isEqualTo(failureClass);
                assertThat(fail.error().message())
                        .contains("Failed after 5 attempts")
                        .contains(backendFailure.message());
                assertThat(fail.error().retryable()).isTrue();
            });
        } else {
            assertThat(decision).isInstanceOf(retried ? Retry.class : Fail.class);
        }
    }

    @Test
    void retriesRateLimitUncounted() {
        // when
        RetryDecision decision = policy(0)
                .decideAfterFailure(
                        TestFailures.RATE_LIMITED,
                        new AttemptCounts(4, 0, 0),
                        new BackendConditions(false, false, false, false),
                        LONG_TIME);

        // then
        assertThat(decision).isInstanceOf(Retry.class);
        assertThat(decision.counted()).isFalse();
    }

    static Stream<BackendFailure> uncounted() {
        return Stream.of(
                TestFailures.RATE_LIMITED,
                TestFailures.of(FailureClass.NOT_SENT),
                TestFailures.of(FailureClass.INTERNAL));
    }

    @ParameterizedTest
    @MethodSource("uncounted")
    void uncountedFailuresHaveTheirOwnLimit(BackendFailure backendFailure) {
        // given 19 uncounted attempts, of 20 allowed, and 4 counted ones, of 5 allowed
        AttemptCounts before = new AttemptCounts(4, 19, 0);

        // when
        RetryDecision before20 = policy(0)
                .decideAfterFailure(
                        backendFailure,
                        new AttemptCounts(4, 18, 0),
                        new BackendConditions(false, false, false, false),
                        LONG_TIME);
        RetryDecision decision = policy(0)
                .decideAfterFailure(
                        backendFailure, before, new BackendConditions(false, false, false, false), LONG_TIME);

        // then
        assertThat(before20).isInstanceOf(Retry.class);
        assertThat(decision).isInstanceOfSatisfying(Fail.class, fail -> {
            assertThat(fail.counted()).isFalse();
            assertThat(fail.error().code()).isEqualTo("ATTEMPTS_EXHAUSTED");
            assertThat(fail.error().message())
                    .contains("24 attempts")
                    .contains("20 of them")
                    .contains(backendFailure.message());
            assertThat(fail.error().retryable()).isTrue();
        });
    }

    @Test
    void probesAndInterruptionsShareTheUncountedLimit() {
        // given
        AttemptCounts before = new AttemptCounts(0, 19, 0);

        // when
        RetryDecision probe = policy(0)
                .decideAfterFailure(
                        TestFailures.SERVER_ERROR, before, new BackendConditions(true, false, false, false), LONG_TIME);
        RetryDecision interrupted = policy(0).decideAfterInterruption(TestFailures.SERVER_ERROR, before);
        RetryDecision first = policy(0).decideAfterInterruption(TestFailures.SERVER_ERROR, AttemptCounts.NONE);

        // then
        assertThat(probe).isInstanceOf(Fail.class);
        assertThat(interrupted).isInstanceOf(Fail.class);
        assertThat(first).isEqualTo(new Retry(Duration.ZERO, false));
    }

    @Test
    void uncountedFailuresIncreaseTheDelay() {
        // when
        RetryDecision decision = policy(0.5)
                .decideAfterFailure(
                        TestFailures.of(FailureClass.NOT_SENT),
                        new AttemptCounts(0, 3, 0),
                        new BackendConditions(false, false, false, false),
                        LONG_TIME);

        // then
        assertThat(decision).isEqualTo(new Retry(Duration.ofMillis(4100), false));
    }

    @Test
    void timeoutIsCounted() {
        // when
        RetryDecision decision = policy(0)
                .decideAfterFailure(
                        TestFailures.TIMED_OUT,
                        AttemptCounts.NONE,
                        new BackendConditions(false, false, false, false),
                        LONG_TIME);

        // then
        assertThat(decision).isInstanceOf(Retry.class);
        assertThat(decision.counted()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        // counted before, random, delay in ms: 100 + random * min(60 s, 1 s * 2^(n-1)), n after counting
        "0, 0,    100",
        "0, 0.5,  600",
        "1, 0.5, 1100",
        "2, 0.5, 2100",
        "3, 0.5, 4100",
        "0, 0.999999, 1099",
    })
    void delayIsMinimumPlusJitter(int countedBefore, double random, long millis) {
        // when
        RetryDecision decision = policy(random)
                .decideAfterFailure(
                        TestFailures.SERVER_ERROR,
                        new AttemptCounts(countedBefore, 0, 0),
                        new BackendConditions(false, false, false, false),
                        LONG_TIME);

        // then
        assertThat(decision).isEqualTo(new Retry(Duration.ofMillis(millis), true));
    }

    @ParameterizedTest
    @CsvSource({"0, 1", "1, 1", "2, 2", "3, 4", "6, 32", "7, 60", "8, 60", "1000000, 60", "2147483647, 60", "-3, 1"})
    void windowsDoubleUpToTheMaximum(int counted, long seconds) {
        assertThat(policy(0).jitterWindow(counted)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @ParameterizedTest
    @CsvSource({
        // Retry-After, floor
        "PT0S,    PT0.1S",
        "PT0.05S, PT0.1S",
        "PT-5S,   PT0.1S",
        "PT2S,    PT2S",
        "PT10M,   PT10M",
        "PT10M0.001S, PT10M",
        "PT876000H, PT10M",
    })
    void retryAfterIsTheMinimumDelay(Duration retryAfter, Duration floor) {
        assertThat(policy(0).computeDelay(Duration.ofSeconds(1), retryAfter)).isEqualTo(floor);
        assertThat(policy(0.5).computeDelay(Duration.ofSeconds(1), retryAfter)).isEqualTo(floor.plusMillis(500));
    }

    @Test
    void failsWhenTheRetryWouldMissTheDeadline() {
        // given a delay of exactly 2 s
        BackendFailure backendFailure = TestFailures.RATE_LIMITED.withRetryAfter(Duration.ofSeconds(2));

        // when
        RetryDecision justInTime = policy(0)
                .decideAfterFailure(
                        backendFailure,
                        AttemptCounts.NONE,
                        new BackendConditions(false, false, false, false),
                        Duration.ofMillis(2001));
        RetryDecision atTheDeadline = policy(0)
                .decideAfterFailure(
                        backendFailure,
                        AttemptCounts.NONE,
                        new BackendConditions(false, false, false, false),
                        Duration.ofSeconds(2));
        RetryDecision afterIt = policy(0)
                .decideAfterFailure(
                        backendFailure,
                        AttemptCounts.NONE,
                        new BackendConditions(false, false, false, false),
                        Duration.ofMillis(-1));

        // then
        assertThat(justInTime).isEqualTo(new Retry(Duration.ofSeconds(2), false));
        assertThat(Arrays.asList(atTheDeadline, afterIt)).allSatisfy(decision -> {
            assertThat(decision).isInstanceOf(Fail.class);
            assertThat(((Fail) decision).error().code()).isEqualTo("DEADLINE_EXCEEDED");
            assertThat(((Fail) decision).error().failureClass()).isEqualTo(FailureClass.REJECTED_RETRYABLE);
            assertThat(((Fail) decision).error().retryable()).isTrue();
            assertThat(decision.counted()).isFalse();
        });
    }

    @Test
    void permanentFailureIsNotReportedAsDeadline() {
        // when
        RetryDecision decision = policy(0)
                .decideAfterFailure(
                        TestFailures.MODERATED,
                        AttemptCounts.NONE,
                        new BackendConditions(false, false, false, false),
                        Duration.ZERO);

        // then
        assertThat(((Fail) decision).error().code()).isEqualTo("MODERATED");
    }

    @Test
    void retriesLostAttemptSoonAndUncounted() {
        // when
        RetryDecision decision = policy(0.5).decideAfterLoss(3, LONG_TIME);

        // then
        assertThat(decision).isEqualTo(new Retry(Duration.ofMillis(600), false));
    }

    @Test
    void failsAfterTooManyLostAttempts() {
        // given four lost attempts, of five allowed
        // when
        RetryDecision decision = policy(0).decideAfterLoss(4, LONG_TIME);

        // then
        assertThat(decision).isInstanceOfSatisfying(Fail.class, fail -> {
            assertThat(fail.counted()).isFalse();
            assertThat(fail.error().code()).isEqualTo("ATTEMPTS_LOST");
            assertThat(fail.error().failureClass()).isEqualTo(FailureClass.AMBIGUOUS);
            assertThat(fail.error().retryable()).isFalse();
        });
    }

    @Test
    void lossPastTheDeadlineFailsWithTheDeadline() {
        // when
        RetryDecision decision = policy(0).decideAfterLoss(0, Duration.ofMillis(50));

        // then
        assertThat(((Fail) decision).error().code()).isEqualTo("DEADLINE_EXCEEDED");
    }

    @Test
    void exhaustedRetryBudgetUsesTheWidestWindow() {
        // when
        RetryDecision first = policy(0.5)
                .decideAfterFailure(
                        TestFailures.SERVER_ERROR,
                        AttemptCounts.NONE,
                        new BackendConditions(false, true, false, false),
                        LONG_TIME);

        // then
        Duration half = policy(0).jitterWindow(Integer.MAX_VALUE).dividedBy(2);
        assertThat(first).isEqualTo(new Retry(RetryPolicy.MIN_DELAY.plus(half), true));
    }
}
