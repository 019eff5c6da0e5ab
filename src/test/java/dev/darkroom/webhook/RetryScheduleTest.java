package dev.darkroom.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryScheduleTest {
    private static final List<Duration> STEPS = List.of(Duration.ofSeconds(10), Duration.ofMinutes(10));
    private static final DeliveryFailure PLAIN = new DeliveryFailure("HTTP_500", 500, false, false, null);
    private static final DeliveryFailure OVERLOADED = new DeliveryFailure("HTTP_429", 429, true, false, null);

    private static long seconds(double chance, int before, DeliveryFailure deliveryFailure) {
        return new RetrySchedule(STEPS, () -> chance)
                .nextDelay(before, deliveryFailure)
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
        DeliveryFailure deliveryFailure = new DeliveryFailure("HTTP_503", 503, true, false, Duration.ofSeconds(asked));
        assertThat(seconds(0.7, 0, deliveryFailure)).isEqualTo(expected);
    }

    @Test
    void afterTheLastStepThereIsNone() {
        assertThat(new RetrySchedule(STEPS, () -> 0.5).nextDelay(2, PLAIN)).isEmpty();
    }
}
