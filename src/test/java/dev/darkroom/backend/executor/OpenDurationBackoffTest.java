package dev.darkroom.backend.executor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OpenDurationBackoffTest {

    private static List<Long> seconds(OpenDurationBackoff backoff, int count) {
        return Stream.generate(backoff::nextDuration)
                .limit(count)
                .map(Duration::toSeconds)
                .toList();
    }

    private static OpenDurationBackoff backoff(double random) {
        return new OpenDurationBackoff(Duration.ofSeconds(10), Duration.ofMinutes(5), () -> random);
    }

    @Test
    void doublesUpToTheMaximum() {
        assertThat(seconds(backoff(0), 8)).containsExactly(10L, 20L, 40L, 80L, 160L, 300L, 300L, 300L);
    }

    @Test
    void addsUpToAQuarterWithinTheMaximum() {
        assertThat(seconds(backoff(0.9999), 7)).containsExactly(12L, 24L, 49L, 99L, 199L, 300L, 300L);
    }

    @Test
    void startsAgainAfterReset() {
        // given
        OpenDurationBackoff backoff = backoff(0);
        seconds(backoff, 4);

        // when
        backoff.resetBackoff();

        // then
        assertThat(seconds(backoff, 2)).containsExactly(10L, 20L);
    }

    @Test
    void neverOverflows() {
        // given
        OpenDurationBackoff backoff = new OpenDurationBackoff(Duration.ofMillis(1), Duration.ofDays(20_000), () -> 0);

        // then
        assertThat(Stream.generate(backoff::nextDuration).limit(100))
                .allMatch(duration -> !duration.isNegative() && !duration.isZero());
    }
}
