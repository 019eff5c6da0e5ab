package dev.darkroom.generation.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.config.Settings;
import dev.darkroom.generation.AttemptCounts;
import dev.darkroom.generation.store.TestFailures;
import dev.darkroom.generation.worker.RetryDecision.Fail;
import dev.darkroom.generation.worker.RetryDecision.Retry;
import dev.darkroom.generation.worker.RetryPolicy.BackendConditions;
import dev.darkroom.testing.RandomCase;
import dev.darkroom.testing.SeededCases;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Properties of the retry schedule for random settings, counts, Retry-After values and jitter. */
class RetryPolicyPropertiesTest {
    private static final Duration MIN = RetryPolicy.MIN_DELAY;
    private static final Duration UNLIMITED = Duration.ofMillis(Long.MAX_VALUE);
    private static final double BELOW_ONE = Math.nextDown(1.0);

    private static final List<FailureClass> RETRYABLE =
            Arrays.stream(FailureClass.values()).filter(FailureClass::retryable).toList();

    /** Returns random settings, far beyond the configurable ones. Only the maximum delay is never shorter than the initial one. */
    private static Settings.Retry settings(RandomCase random) {
        long one = millis(random);
        long other = millis(random);
        return new Settings.Retry(
                Duration.ofMillis(Math.min(one, other)),
                Duration.ofMillis(Math.max(one, other)),
                random.intBetween(1, 100),
                random.intBetween(1, 100),
                random.intBetween(1, 100),
                Duration.ofMillis(millis(random)));
    }

    private static long millis(RandomCase random) {
        return random.longBetween(1, Long.MAX_VALUE / 4);
    }

    /** Returns a random Retry-After value: none, negative or huge. */
    private static Duration retryAfter(RandomCase random) {
        return random.oneIn(5) ? null : Duration.ofMillis(random.anyLong());
    }

    private static BackendFailure retryableFailure(RandomCase random) {
        FailureClass failureClass = random.oneOf(RETRYABLE);
        BackendFailure backendFailure = random.anyBoolean() ? TestFailures.RATE_LIMITED : TestFailures.of(failureClass);
        return backendFailure.withRetryAfter(retryAfter(random));
    }

    @Test
    void delayIsInsideItsWindow() {
        SeededCases.check(random -> {
            // given
            Settings.Retry settings = settings(random);
            int counted = random.anyInt();
            Duration retryAfter = retryAfter(random);
            double fraction = random.anyFraction();

            // when
            RetryPolicy policy = new RetryPolicy(settings, () -> fraction);
            Duration delay = policy.computeDelay(policy.jitterWindow(counted), retryAfter);

            // then
            Duration floor = floor(settings, retryAfter);
            assertThat(delay).isBetween(floor, floor.plus(policy.jitterWindow(counted)));
        });
    }

    @Test
    void delaysCoverTheWholeWindow() {
        SeededCases.check(random -> {
            // given
            Settings.Retry settings = settings(random);
            int counted = random.anyInt();
            Duration retryAfter = retryAfter(random);

            // when
            RetryPolicy lucky = new RetryPolicy(settings, () -> 0);
            Duration shortest = lucky.computeDelay(lucky.jitterWindow(counted), retryAfter);
            RetryPolicy unlucky = new RetryPolicy(settings, () -> BELOW_ONE);
            Duration longest = unlucky.computeDelay(unlucky.jitterWindow(counted), retryAfter);

            // then the upper end differs by no more than the precision of a double
            Duration floor = floor(settings, retryAfter);
            Duration window = unlucky.jitterWindow(counted);
            assertThat(shortest).isEqualTo(floor);
            assertThat(longest)
                    .isGreaterThanOrEqualTo(
                            floor.plus(window.multipliedBy(999).dividedBy(1000)).minusMillis(1));
        });
    }

    @Test
    void windowsStartAtTheInitialDelayAndDoubleUpToTheMaximum() {
        SeededCases.check(random -> {
            // given
            Settings.Retry settings = settings(random);
            int counted = random.intBetween(1, Integer.MAX_VALUE - 1);

            // when
            RetryPolicy policy = new RetryPolicy(settings, () -> 0);
            Duration window = policy.jitterWindow(counted);
            Duration next = policy.jitterWindow(counted + 1);

            // then
            Duration doubled = window.multipliedBy(2);
            assertThat(policy.jitterWindow(1)).isEqualTo(settings.initialDelay());
            assertThat(next).isEqualTo(doubled.compareTo(settings.maxDelay()) > 0 ? settings.maxDelay() : doubled);
        });
    }

    @Test
    void appliesRetryAfterUpToTheLimit() {
        SeededCases.check(random -> {
            // given
            Settings.Retry settings = settings(random);
            Duration retryAfter = retryAfter(random);
            double fraction = random.anyFraction();

            // when
            Duration delay =
                    new RetryPolicy(settings, () -> fraction).computeDelay(settings.initialDelay(), retryAfter);

            // then
            Duration most = settings.maxRetryAfter().compareTo(MIN) > 0 ? settings.maxRetryAfter() : MIN;
            assertThat(delay).isBetween(MIN, most.plus(settings.initialDelay()));
            if (retryAfter != null && retryAfter.compareTo(settings.maxRetryAfter()) <= 0) {
                assertThat(delay).isGreaterThanOrEqualTo(retryAfter);
            }
        });
    }

    @Test
    void retryIsDueBeforeTheDeadline() {
        SeededCases.check(random -> {
            // given
            Settings.Retry settings = settings(random);
            BackendFailure backendFailure = retryableFailure(random);
            boolean probe = random.anyBoolean();
            long millisLeft = random.longBetween(-1_000, 10_000_000);
            double fraction = random.anyFraction();

            // when
            Duration timeLeft = Duration.ofMillis(millisLeft);
            RetryPolicy policy = new RetryPolicy(settings, () -> fraction);
            RetryDecision decision = policy.decideAfterFailure(
                    backendFailure, AttemptCounts.NONE, new BackendConditions(probe, false, false, false), timeLeft);
            RetryDecision afterLoss = policy.decideAfterLoss(0, timeLeft);

            // then
            assertDueInTime(decision, timeLeft);
            assertDueInTime(afterLoss, timeLeft);
        });
    }

    private static void assertDueInTime(RetryDecision decision, Duration timeLeft) {
        if (decision instanceof Retry retry) {
            assertThat(retry.delay()).isLessThan(timeLeft);
        } else {
            assertThat(((Fail) decision).error().code())
                    .isIn("DEADLINE_EXCEEDED", "ATTEMPTS_EXHAUSTED", "ATTEMPTS_LOST");
        }
    }

    @Test
    void everyFailureClassHasAnAttemptLimit() {
        SeededCases.check(random -> {
            // given
            Settings.Retry settings = settings(random);
            BackendFailure backendFailure = retryableFailure(random);
            RetryPolicy policy = new RetryPolicy(settings, () -> 0.5);
            boolean counts = policy.decideAfterFailure(
                            backendFailure, AttemptCounts.NONE, BackendConditions.NONE, UNLIMITED)
                    .counted();

            // when the same failure repeats
            int attempts = 1;
            int counted = counts ? 1 : 0;
            int uncounted = counts ? 0 : 1;
            RetryDecision decision = policy.decideAfterFailure(
                    backendFailure, AttemptCounts.NONE, new BackendConditions(false, false, false, false), UNLIMITED);
            while (decision instanceof Retry && attempts < 200) {
                decision = policy.decideAfterFailure(
                        backendFailure,
                        new AttemptCounts(counted, uncounted, 0),
                        new BackendConditions(false, false, false, false),
                        UNLIMITED);
                attempts++;
                counted += decision.counted() ? 1 : 0;
                uncounted += decision.counted() ? 0 : 1;
            }

            // then
            assertThat(attempts).isEqualTo(counts ? settings.maxAttempts() : settings.maxUncountedAttempts());
            assertThat(((Fail) decision).error().code()).isEqualTo("ATTEMPTS_EXHAUSTED");
        });
    }

    @Test
    void countedFailuresDoNotExhaustUncountedOnes() {
        SeededCases.check(random -> {
            // given
            Settings.Retry settings = settings(random);
            BackendFailure backendFailure = retryableFailure(random);
            int countedBefore = random.intBetween(0, 1_000);

            // when the failed attempt was the probe of the circuit breaker
            RetryDecision decision = new RetryPolicy(settings, () -> 0)
                    .decideAfterFailure(
                            backendFailure,
                            new AttemptCounts(countedBefore, 0, 0),
                            new BackendConditions(true, false, false, false),
                            UNLIMITED);

            // then
            assertThat(decision instanceof Retry).isEqualTo(settings.maxUncountedAttempts() > 1);
            assertThat(decision.counted()).isFalse();
        });
    }

    @Test
    void lostAttemptsHaveALimit() {
        SeededCases.check(random -> {
            // given
            Settings.Retry settings = settings(random);
            int lost = random.intBetween(0, 200);

            // when
            RetryDecision decision = new RetryPolicy(settings, () -> 0).decideAfterLoss(lost, UNLIMITED);

            // then
            assertThat(decision instanceof Fail).isEqualTo(lost + 1 >= settings.maxLostAttempts());
            assertThat(decision.counted()).isFalse();
        });
    }

    @Test
    void jitterIsUniform() {
        // given a window of 1 s and a seeded generator
        Random random = new Random(20260101);
        RetryPolicy policy = new RetryPolicy(
                TestFailures.retrySettings(Duration.ofSeconds(1), Duration.ofSeconds(1)), random::nextDouble);

        // when
        int draws = 20_000;
        int[] tenths = new int[10];
        for (int i = 0; i < draws; i++) {
            tenths[
                    (int) (policy.computeDelay(policy.jitterWindow(1), null)
                                    .minus(MIN)
                                    .toMillis()
                            / 100)]++;
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
