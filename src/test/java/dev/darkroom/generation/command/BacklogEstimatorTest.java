package dev.darkroom.generation.command;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.generation.store.SubmissionStore.Backlog;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Estimates of waiting times. */
class BacklogEstimatorTest {
    private static final Duration MINUTE = Duration.ofMinutes(1);

    private final BacklogEstimator backlogEstimator = new BacklogEstimator();

    @Test
    void hasNoEstimateWithoutThroughput() {
        // when
        backlogEstimator.update(new Backlog(100_000, 0));

        // then
        assertThat(backlogEstimator.estimateWait(0)).isEmpty();
        assertThat(backlogEstimator.takesLongerThan(MINUTE)).isFalse();
    }

    @Test
    void estimatesWaitFromPositionAndThroughput() {
        // when
        backlogEstimator.update(new Backlog(10, 2));

        // then
        assertThat(backlogEstimator.estimateWait(0)).contains(Duration.ofMillis(500));
        assertThat(backlogEstimator.estimateWait(9)).contains(Duration.ofSeconds(5));
        assertThat(backlogEstimator.capacityWithin(MINUTE)).isEqualTo(120);
    }

    @Test
    void countsGenerationsAcceptedAfterTheMeasurement() {
        // given
        backlogEstimator.update(new Backlog(119, 2));
        assertThat(backlogEstimator.takesLongerThan(MINUTE)).isFalse();

        // when
        backlogEstimator.recordAccepted();
        backlogEstimator.recordAccepted();

        // then
        assertThat(backlogEstimator.takesLongerThan(MINUTE)).isTrue();

        // when
        backlogEstimator.update(new Backlog(119, 2));

        // then
        assertThat(backlogEstimator.takesLongerThan(MINUTE)).isFalse();
    }
}
