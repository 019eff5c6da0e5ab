package dev.darkroom.backend.executor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateLimitPauseTest {
    private long now = -5; // System.nanoTime() may be negative

    private final RateLimitPause rateLimitPause = new RateLimitPause(Duration.ofMinutes(10), () -> now);

    @Test
    void consecutiveRateLimitsDoubleThePause() {
        // when
        List<Long> seconds = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            seconds.add(rateLimitedAfterPause(null).toSeconds());
        }

        // then
        assertThat(seconds).containsExactly(1L, 2L, 4L, 8L, 16L, 30L, 30L, 30L);
    }

    @Test
    void successResetsTheBackoff() {
        // given
        rateLimitedAfterPause(null);
        rateLimitedAfterPause(null);

        // when
        rateLimitPause.resetBackoff();

        // then
        assertThat(rateLimitedAfterPause(null)).isEqualTo(Duration.ofSeconds(1));
    }

    @ParameterizedTest
    @CsvSource({"PT0S,PT1S", "PT0.5S,PT1S", "PT2S,PT2S", "PT10M,PT10M", "PT11M,PT10M", "P36500D,PT10M"})
    void usesRetryAfterWithinLimits(Duration retryAfter, Duration expected) {
        assertThat(rateLimitedAfterPause(retryAfter)).isEqualTo(expected);
    }

    @Test
    void burstOfRateLimitsCountsOnce() {
        // given
        long started = now;
        advance(Duration.ofSeconds(5));

        // when
        boolean first = rateLimitPause.recordRateLimit(started, null);
        boolean second = rateLimitPause.recordRateLimit(started, null);
        boolean third = rateLimitPause.recordRateLimit(started, null);

        // then
        assertThat(List.of(first, second, third)).containsExactly(true, false, false);
        assertThat(rateLimitPause.remaining()).isEqualTo(Duration.ofSeconds(1));
        assertThat(rateLimitedAfterPause(null)).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void laterResponseOnlyExtendsThePause() {
        // given
        rateLimitPause.recordRateLimit(now, Duration.ofSeconds(60));

        // when
        rateLimitPause.recordRateLimit(now, Duration.ofSeconds(5));
        Duration afterShort = rateLimitPause.remaining();
        rateLimitPause.recordRateLimit(now, Duration.ofSeconds(90));

        // then
        assertThat(afterShort).isEqualTo(Duration.ofSeconds(60));
        assertThat(rateLimitPause.remaining()).isEqualTo(Duration.ofSeconds(90));
    }

    private Duration rateLimitedAfterPause(Duration retryAfter) {
        advance(rateLimitPause.remaining());
        rateLimitPause.finish();
        long started = now;
        advance(Duration.ofMillis(10));
        rateLimitPause.recordRateLimit(started, retryAfter);
        return rateLimitPause.remaining();
    }

    private void advance(Duration duration) {
        now += duration.toNanos() + 1;
    }
}
