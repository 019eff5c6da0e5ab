package dev.darkroom.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Detection of database clock steps, with clocks controlled by the test. */
class DatabaseClockTest {
    private static final Duration TTL = Duration.ofSeconds(15);

    private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1_000_000_000L);
    private final List<Duration> adjusted = new ArrayList<>();
    private OffsetDateTime now = OffsetDateTime.of(2026, 1, 1, 0, 0, 0, 0, ZoneOffset.UTC);
    private Duration roundTrip = Duration.ZERO;
    private boolean failing;
    private final DatabaseClock clock = new DatabaseClock(
            () -> {
                nanos.addAndGet(roundTrip.toNanos());
                return Future.succeededFuture(now);
            },
            nanos::get,
            "generation",
            step -> {
                if (failing) {
                    return Future.failedFuture("unavailable");
                }
                adjusted.add(step);
                return Future.succeededFuture();
            });

    private void advance(Duration time) {
        nanos.addAndGet(time.toNanos());
        now = now.plus(time);
    }

    @Test
    void isStableWhileBothClocksAdvanceEqually() {
        for (int i = 0; i < 100; i++) {
            assertThat(clock.check().succeeded()).isTrue();
            advance(Duration.ofMinutes(i));
        }
        assertThat(adjusted).isEmpty();
        assertThat(clock.isStableFor(TTL)).isTrue();
    }

    @Test
    void detectsStepBackAndStepAhead() {
        // given
        clock.check();
        advance(Duration.ofSeconds(5));

        // when
        now = now.minusSeconds(600);
        clock.check();

        // then
        assertThat(adjusted).containsExactly(Duration.ofSeconds(-600));
        assertThat(clock.isStableFor(TTL)).isFalse();

        // when
        advance(TTL);
        now = now.plusSeconds(600);
        clock.check();
        clock.check();

        // then
        assertThat(adjusted).containsExactly(Duration.ofSeconds(-600), Duration.ofSeconds(600));
        assertThat(clock.stepCount()).isEqualTo(2);
        advance(TTL);
        assertThat(clock.isStableFor(TTL)).isTrue();
    }

    @Test
    void ignoresSlowResponseAndSmallCorrection() {
        clock.check();
        roundTrip = Duration.ofSeconds(30);
        clock.check();
        roundTrip = Duration.ZERO;
        now = now.plusSeconds(30);
        clock.check();
        now = now.plusSeconds(4);
        clock.check();
        now = now.minusSeconds(4);
        clock.check();
        assertThat(adjusted).isEmpty();
    }

    @Test
    void retriesAdjustmentUntilItSucceeds() {
        // given
        clock.check();
        now = now.plusSeconds(600);
        failing = true;

        // when
        assertThat(clock.check().failed()).isTrue();
        advance(Duration.ofSeconds(5));
        assertThat(clock.check().failed()).isTrue();
        now = now.minusSeconds(100);
        failing = false;
        assertThat(clock.check().succeeded()).isTrue();
        assertThat(clock.check().succeeded()).isTrue();

        // then
        assertThat(adjusted).containsExactly(Duration.ofSeconds(500));
    }
}
