package dev.darkroom.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests the delays of {@link RetrySchedule}. */
class RetryScheduleTest {
    private static final List<Duration> DELAYS = List.of(Duration.ofSeconds(10), Duration.ofMinutes(10));
    private static final DeliveryFailure PLAIN = new DeliveryFailure("HTTP_500", 500, false, false, null);
    private static final DeliveryFailure OVERLOADED = new DeliveryFailure("HTTP_429", 429, true, false, null);

    private static long seconds(double random, int previousFailures, DeliveryFailure deliveryFailure) {
        return new RetrySchedule(DELAYS, () -> random)
                .nextDelay(previousFailures, deliveryFailure)
                .orElseThrow()
                .toSeconds();
    }

    @ParameterizedTest
    @CsvSource({"0, 8", "0.5, 10", "0.999999, 12"})
    void jittersTheDelayByUpToTwentyPercent(double random, long expected) {
        assertThat(seconds(random, 0, PLAIN)).isBetween(expected - 1, expected);
        assertThat(seconds(random, 1, PLAIN)).isBetween(60 * expected - 1, 60 * expected);
    }

    @ParameterizedTest
    @CsvSource({"0, 10", "0.5, 15", "0.999999, 20"})
    void neverRetriesAnOverloadedReceiverEarly(double random, long expected) {
        assertThat(seconds(random, 0, OVERLOADED)).isBetween(expected - 1, expected);
    }

    @ParameterizedTest
    @CsvSource({"0, 10", "3, 10", "12, 12", "20, 20", "21, 20", "100000, 20"})
    void limitsRetryAfterToOneToTwoTimesTheDelay(long retryAfter, long expected) {
        DeliveryFailure deliveryFailure =
                new DeliveryFailure("HTTP_503", 503, true, false, Duration.ofSeconds(retryAfter));
        assertThat(seconds(0.7, 0, deliveryFailure)).isEqualTo(expected);
    }

    @Test
    void returnsEmptyAfterTheLastDelay() {
        assertThat(new RetrySchedule(DELAYS, () -> 0.5).nextDelay(2, PLAIN)).isEmpty();
    }
}
