package dev.darkroom.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.RetryDecision.Fail;
import dev.darkroom.generation.RetryDecision.Retry;
import java.time.Duration;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;

/** What holds of the schedule for all settings, counts, wishes of AI servers and all randomness. */
class RetryPolicyPropertiesTest {
    private static final Duration MIN = RetryPolicy.MIN_DELAY;
    private static final Duration FOR_EVER = Duration.ofMillis(Long.MAX_VALUE);
    private static final double BELOW_ONE = Math.nextDown(1.0);

    /** All settings that can be written, and far beyond: only that the cap is no shorter than the base is taken for granted. */
    @Provide
    Arbitrary<Settings.Retry> settings() {
        Arbitrary<Long> millis = Arbitraries.longs().between(1, Long.MAX_VALUE / 4);
        return Combinators.combine(
                        millis,
                        millis,
                        Arbitraries.integers().between(1, 100),
                        Arbitraries.integers().between(1, 100),
                        millis)
                .as((one, other, attempts, lost, maxRetryAfter) -> new Settings.Retry(
                        Duration.ofMillis(Math.min(one, other)),
                        Duration.ofMillis(Math.max(one, other)),
                        attempts,
                        lost,
                        Duration.ofMillis(maxRetryAfter)));
    }

    /** Whatever somebody may have put into a header: nothing, negative, huge. */
    @Provide
    Arbitrary<Duration> retryAfter() {
        return Arbitraries.longs().map(Duration::ofMillis).injectNull(0.2);
    }

    @Provide
    Arbitrary<Failure> retryableFailures() {
        return Combinators.combine(
                        Arbitraries.of(FailureClass.values()).filter(FailureClass::retryable),
                        Arbitraries.of(true, false),
                        retryAfter())
                .as((failureClass, limited, wait) ->
                        (limited ? Failures.RATE_LIMITED : Failures.of(failureClass)).withRetryAfter(wait));
    }

    @Property
    void theDelayIsInsideItsWindow(
            @ForAll("settings") Settings.Retry settings,
            @ForAll int counted,
            @ForAll("retryAfter") Duration retryAfter,
            @ForAll @DoubleRange(max = 1, maxIncluded = false) double random) {
        // when
        RetryPolicy policy = new RetryPolicy(settings, () -> random);
        Duration delay = policy.delay(policy.window(counted), retryAfter);

        // then
        Duration floor = floor(settings, retryAfter);
        assertThat(delay).isBetween(floor, floor.plus(policy.window(counted)));
    }

    @Property
    void theWholeWindowIsUsed(
            @ForAll("settings") Settings.Retry settings,
            @ForAll int counted,
            @ForAll("retryAfter") Duration retryAfter) {
        // when
        RetryPolicy lucky = new RetryPolicy(settings, () -> 0);
        Duration shortest = lucky.delay(lucky.window(counted), retryAfter);
        RetryPolicy unlucky = new RetryPolicy(settings, () -> BELOW_ONE);
        Duration longest = unlucky.delay(unlucky.window(counted), retryAfter);

        // then nothing is missing at the upper end but what a double cannot tell apart
        Duration floor = floor(settings, retryAfter);
        Duration window = unlucky.window(counted);
        assertThat(shortest).isEqualTo(floor);
        assertThat(longest)
                .isGreaterThanOrEqualTo(
                        floor.plus(window.multipliedBy(999).dividedBy(1000)).minusMillis(1));
    }

    @Property
    void windowsStartAtTheBaseAndDoubleUpToTheCap(
            @ForAll("settings") Settings.Retry settings,
            @ForAll @IntRange(min = 1, max = Integer.MAX_VALUE - 1) int counted) {
        // when
        RetryPolicy policy = new RetryPolicy(settings, () -> 0);
        Duration window = policy.window(counted);
        Duration next = policy.window(counted + 1);

        // then
        Duration doubled = window.multipliedBy(2);
        assertThat(policy.window(1)).isEqualTo(settings.base());
        assertThat(next).isEqualTo(doubled.compareTo(settings.cap()) > 0 ? settings.cap() : doubled);
    }

    @Property
    void theAiServersWishIsHonouredUpToTheLimit(
            @ForAll("settings") Settings.Retry settings,
            @ForAll("retryAfter") Duration retryAfter,
            @ForAll @DoubleRange(max = 1, maxIncluded = false) double random) {
        // when
        Duration delay = new RetryPolicy(settings, () -> random).delay(settings.base(), retryAfter);

        // then
        Duration most = settings.maxRetryAfter().compareTo(MIN) > 0 ? settings.maxRetryAfter() : MIN;
        assertThat(delay).isBetween(MIN, most.plus(settings.base()));
        if (retryAfter != null && retryAfter.compareTo(settings.maxRetryAfter()) <= 0) {
            assertThat(delay).isGreaterThanOrEqualTo(retryAfter);
        }
    }

    @Property
    void aRetryIsDueBeforeTheDeadlineOrThereIsNone(
            @ForAll("settings") Settings.Retry settings,
            @ForAll("retryableFailures") Failure failure,
            @ForAll boolean probe,
            @ForAll @LongRange(min = -1_000, max = 10_000_000) long millisLeft,
            @ForAll @DoubleRange(max = 1, maxIncluded = false) double random) {
        // when
        Duration timeLeft = Duration.ofMillis(millisLeft);
        RetryPolicy policy = new RetryPolicy(settings, () -> random);
        RetryDecision decision = policy.afterFailure(failure, 0, probe, false, timeLeft);
        RetryDecision afterLoss = policy.afterLoss(0, timeLeft);

        // then
        assertDueInTime(decision, timeLeft);
        assertDueInTime(afterLoss, timeLeft);
    }

    private static void assertDueInTime(RetryDecision decision, Duration timeLeft) {
        if (decision instanceof Retry retry) {
            assertThat(retry.delay()).isLessThan(timeLeft);
        } else {
            assertThat(((Fail) decision).reason().code())
                    .isIn("DEADLINE_EXCEEDED", "ATTEMPTS_EXHAUSTED", "ATTEMPTS_LOST");
        }
    }

    @Property
    void countedFailuresBoundTheAttempts(
            @ForAll("settings") Settings.Retry settings, @ForAll("retryableFailures") Failure failure) {
        // given
        RetryPolicy policy = new RetryPolicy(settings, () -> 0.5);
        boolean counts = policy.afterFailure(failure, 0, false, false, FOR_EVER).counted();

        // when the same goes wrong again and again
        int attempts = 1;
        int counted = counts ? 1 : 0;
        RetryDecision decision = policy.afterFailure(failure, 0, false, false, FOR_EVER);
        while (decision instanceof Retry && attempts < 200) {
            decision = policy.afterFailure(failure, counted, false, false, FOR_EVER);
            attempts++;
            counted += decision.counted() ? 1 : 0;
        }

        // then
        if (counts) {
            assertThat(attempts).isEqualTo(settings.maxAttempts());
            assertThat(((Fail) decision).reason().code()).isEqualTo("ATTEMPTS_EXHAUSTED");
        } else {
            assertThat(decision).isInstanceOf(Retry.class);
        }
    }

    @Property
    void whatIsNotCountedNeverExhausts(
            @ForAll("settings") Settings.Retry settings,
            @ForAll("retryableFailures") Failure failure,
            @ForAll @IntRange(max = 1_000) int countedBefore) {
        // when it was the breaker's probe that failed
        RetryDecision decision =
                new RetryPolicy(settings, () -> 0).afterFailure(failure, countedBefore, true, false, FOR_EVER);

        // then
        assertThat(decision).isInstanceOf(Retry.class);
        assertThat(decision.counted()).isFalse();
    }

    @Property
    void lossesBoundTheAttempts(@ForAll("settings") Settings.Retry settings, @ForAll @IntRange(max = 200) int lost) {
        // when
        RetryDecision decision = new RetryPolicy(settings, () -> 0).afterLoss(lost, FOR_EVER);

        // then
        assertThat(decision instanceof Fail).isEqualTo(lost + 1 >= settings.maxLost());
        assertThat(decision.counted()).isFalse();
    }

    @Example
    void theJitterIsUniform() {
        // given a window of 1 s and a seeded generator
        Random random = new Random(20260101);
        RetryPolicy policy =
                new RetryPolicy(Failures.schedule(Duration.ofSeconds(1), Duration.ofSeconds(1)), random::nextDouble);

        // when
        int draws = 20_000;
        int[] tenths = new int[10];
        for (int i = 0; i < draws; i++) {
            tenths[(int) (policy.delay(policy.window(1), null).minus(MIN).toMillis() / 100)]++;
        }

        // then chi squared of 9 degrees of freedom stays below its 99.9 % quantile
        double expected = draws / 10.0;
        double chiSquared = 0;
        for (int seen : tenths) {
            chiSquared += (seen - expected) * (seen - expected) / expected;
        }
        assertThat(chiSquared).isLessThan(27.88);
    }

    private static Duration floor(Settings.Retry settings, Duration retryAfter) {
        if (retryAfter == null) {
            return MIN;
        }
        Duration asked = retryAfter.compareTo(settings.maxRetryAfter()) > 0 ? settings.maxRetryAfter() : retryAfter;
        return asked.compareTo(MIN) > 0 ? asked : MIN;
    }
}
