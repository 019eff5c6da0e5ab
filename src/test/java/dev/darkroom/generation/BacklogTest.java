package dev.darkroom.generation;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is said about waiting times. */
class BacklogTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final Backlog backlog = new Backlog();

    @Test
    void nothingIsSaidWhereNothingWasMeasured() {
        // when
        backlog.measured(100_000, 0);

        // then
        assertThat(backlog.untilStart(0)).isEmpty();
        assertThat(backlog.takesLongerThan(MINUTE)).isFalse();
    }

    @Test
    void aPlaceIsReachedAfterThoseBeforeIt() {
        // when
        backlog.measured(10, 2);

        // then
        assertThat(backlog.untilStart(0)).contains(Duration.ofMillis(500));
        assertThat(backlog.untilStart(9)).contains(Duration.ofSeconds(5));
        assertThat(backlog.placesWithin(MINUTE)).isEqualTo(120);
    }

    @Test
    void whatWasAcceptedSinceTheMeasurementCounts() {
        // given
        backlog.measured(119, 2);
        assertThat(backlog.takesLongerThan(MINUTE)).isFalse();

        // when
        backlog.accepted();
        backlog.accepted();

        // then
        assertThat(backlog.takesLongerThan(MINUTE)).isTrue();

        // when
        backlog.measured(119, 2);

        // then
        assertThat(backlog.takesLongerThan(MINUTE)).isFalse();
    }
}
