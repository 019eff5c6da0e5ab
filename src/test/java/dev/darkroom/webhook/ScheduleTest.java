package dev.darkroom.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {
    private static final List<Duration> STEPS = List.of(Duration.ofSeconds(10), Duration.ofMinutes(10));
    private static final Failure PLAIN = new Failure("HTTP_500", 500, false, false, null);
    private static final Failure OVERLOADED = new Failure("HTTP_429", 429, true, false, null);

    private static long seconds(double chance, int before, Failure failure) {
        return new Schedule(STEPS, () -> chance)
                .next(before, failure)
                .orElseThrow()
                .toSeconds();
    }

    @ParameterizedTest
    @CsvSource({"0, 8", "0.5, 10", "0.999999, 12"})
    void aStepIsUpToAFifthShorterOrLonger(double chance, long expected) {
        assertThat(seconds(chance, 0, PLAIN)).isBetween(expected - 1, expected);
        assertThat(seconds(chance, 1, PLAIN)).isBetween(60 * expected - 1, 60 * expected);
    }

    @ParameterizedTest
    @CsvSource({"0, 10", "0.5, 15", "0.999999, 20"})
    void whoHasTooMuchToDoIsNeverAskedSooner(double chance, long expected) {
        assertThat(seconds(chance, 0, OVERLOADED)).isBetween(expected - 1, expected);
    }

    @ParameterizedTest
    @CsvSource({"0, 10", "3, 10", "12, 12", "20, 20", "21, 20", "100000, 20"})
    void whatItAsksForIsHeardWithinLimits(long asked, long expected) {
        Failure failure = new Failure("HTTP_503", 503, true, false, Duration.ofSeconds(asked));
        assertThat(seconds(0.7, 0, failure)).isEqualTo(expected);
    }

    @Test
    void afterTheLastStepThereIsNone() {
        assertThat(new Schedule(STEPS, () -> 0.5).next(2, PLAIN)).isEmpty();
    }
}
