package dev.darkroom.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import dev.darkroom.benchmark.ScaleOutMeasurement.Counters;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScaleOutMeasurementTest {
    private static final Duration LATENCY = Duration.ofSeconds(1);
    /** 1,000 generations with 600 µs of the processes, 400 µs of PostgreSQL and 100 µs of others each. */
    private static final ScaleOutMeasurement MEASUREMENT = ScaleOutMeasurement.between(
            counters(0), counters(1_000), "8 processes", 8, 100, List.of(700.0, 800.0, 900.0), 500, 1_000);

    private static Counters counters(long generations) {
        return new Counters(
                "0",
                Duration.ofNanos(600_000 * generations),
                Duration.ofNanos(400_000 * generations),
                Duration.ofNanos(100_000 * generations),
                3.0 * generations,
                2_000.0 * generations,
                0.25 * generations);
    }

    @Test
    void dividesCostsByCompletedGenerations() {
        assertThat(MEASUREMENT.ownMicros()).isEqualTo(600, offset(0.001));
        assertThat(MEASUREMENT.databaseMicros()).isEqualTo(400, offset(0.001));
        assertThat(MEASUREMENT.otherMicros()).isEqualTo(100, offset(0.001));
        assertThat(MEASUREMENT.statements()).isEqualTo(0.5);
        assertThat(MEASUREMENT.commits()).isEqualTo(3);
        assertThat(MEASUREMENT.walBytes()).isEqualTo(2_000);
        assertThat(MEASUREMENT.walSyncs()).isEqualTo(0.25);
        assertThat(MEASUREMENT.rate()).isEqualTo(new MedianWithRange(800, 700, 900));
    }

    @Test
    void calculatesCoresAndLimitOfDatabase() {
        assertThat(MEASUREMENT.usedCores()).isEqualTo(0.88, offset(0.001));
        assertThat(MEASUREMENT.ratePerDatabaseCore()).isEqualTo(2_500, offset(0.001));
    }

    @Test
    void extrapolatesByCallsUntilTheCoresAreUsedUp() {
        assertThat(MEASUREMENT.extrapolateRate(16, 2, LATENCY)).isEqualTo(1_600, offset(0.001));
        assertThat(MEASUREMENT.extrapolateRate(32, 2, LATENCY)).isEqualTo(2_000, offset(0.001));
        assertThat(MEASUREMENT.processesAtLimit(2, LATENCY)).isEqualTo(20, offset(0.001));
    }

    @Test
    void slowerAiServerNeedsMoreProcesses() {
        assertThat(MEASUREMENT.extrapolateRate(16, 2, Duration.ofSeconds(10))).isEqualTo(160, offset(0.001));
    }
}
