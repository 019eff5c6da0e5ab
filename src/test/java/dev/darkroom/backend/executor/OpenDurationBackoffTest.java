package dev.darkroom.backend.executor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
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
        return new OpenDurationBackoff(Duration.ofSeconds(10), Duration.ofMinutes(5), () -> random, () -> 0);
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
    void countsDownTheCurrentDuration() {
        // given
        AtomicLong nanos = new AtomicLong(5);
        OpenDurationBackoff backoff =
                new OpenDurationBackoff(Duration.ofSeconds(10), Duration.ofMinutes(5), () -> 0, nanos::get);
        assertThat(backoff.remaining()).isZero();
        seconds(backoff, 2);

        // when
        nanos.addAndGet(Duration.ofSeconds(3).toNanos());

        // then
        assertThat(backoff.remaining()).hasSeconds(17);
        assertThat(backoff.beyondInitial()).hasSeconds(10);

        // when
        nanos.addAndGet(Duration.ofSeconds(18).toNanos());

        // then
        assertThat(backoff.remaining()).isZero();
    }

    @Test
    void neverOverflows() {
        // given
        OpenDurationBackoff backoff =
                new OpenDurationBackoff(Duration.ofMillis(1), Duration.ofDays(20_000), () -> 0, () -> 0);

        // then
        assertThat(Stream.generate(backoff::nextDuration).limit(100))
                .allMatch(duration -> !duration.isNegative() && !duration.isZero());
    }
}
