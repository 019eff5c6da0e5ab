package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OpenDurationBackoffTest {

    private static List<Long> seconds(OpenDurationBackoff times, int count) {
        return Stream.generate(times::nextDuration)
                .limit(count)
                .map(Duration::toSeconds)
                .toList();
    }

    private static OpenDurationBackoff times(double random) {
        return new OpenDurationBackoff(Duration.ofSeconds(10), Duration.ofMinutes(5), () -> random);
    }

    @Test
    void doubleUpToTheCap() {
        assertThat(seconds(times(0), 8)).containsExactly(10L, 20L, 40L, 80L, 160L, 300L, 300L, 300L);
    }

    @Test
    void areLongerByAtMostAQuarterAndNeverThanTheCap() {
        assertThat(seconds(times(0.9999), 7)).containsExactly(12L, 24L, 49L, 99L, 199L, 300L, 300L);
    }

    @Test
    void beginAgainAfterRecovery() {
        // given
        OpenDurationBackoff times = times(0);
        seconds(times, 4);

        // when
        times.resetBackoff();

        // then
        assertThat(seconds(times, 2)).containsExactly(10L, 20L);
    }

    @Test
    void neverOverflow() {
        // given
        OpenDurationBackoff times = new OpenDurationBackoff(Duration.ofMillis(1), Duration.ofDays(20_000), () -> 0);

        // then
        assertThat(Stream.generate(times::nextDuration).limit(100))
                .allMatch(time -> !time.isNegative() && !time.isZero());
    }
}
