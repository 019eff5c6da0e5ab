package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Token buckets with a clock of the test. */
class KeyedRateLimiterTest {
    private long nanos;
    private final TimeMeter clock = new TimeMeter() {
        @Override
        public long currentTimeNanos() {
            return nanos;
        }

        @Override
        public boolean isWallClockBased() {
            return false;
        }
    };

    private void advanceClock(Duration time) {
        nanos += time.toNanos();
    }

    private static void takeAll(KeyedRateLimiter limiter, String key) {
        for (int i = 0; i < limiter.capacity(); i++) {
            assertThat(limiter.tryAcquire(key).allowed()).isTrue();
        }
    }

    @Test
    void allowsBurstThenRefillRate() {
        // given a burst of 200 and a rate of 100 per second
        KeyedRateLimiter limiter = new KeyedRateLimiter(200, 100, Duration.ofSeconds(1), clock);
        assertThat(limiter.tryAcquire("alice")).isEqualTo(new KeyedRateLimiter.Decision(true, 199, 1, 1));
        for (int i = 0; i < 199; i++) {
            assertThat(limiter.tryAcquire("alice").allowed()).isTrue();
        }

        // then
        assertThat(limiter.tryAcquire("alice")).isEqualTo(new KeyedRateLimiter.Decision(false, 0, 1, 2));
        advanceClock(Duration.ofMillis(9));
        assertThat(limiter.tryAcquire("alice").allowed()).isFalse();
        advanceClock(Duration.ofMillis(1));
        assertThat(limiter.tryAcquire("alice").allowed()).isTrue();
        assertThat(limiter.tryAcquire("alice").allowed()).isFalse();
        advanceClock(Duration.ofSeconds(10));
        takeAll(limiter, "alice");
        assertThat(limiter.fullRefillSeconds()).isEqualTo(2);
    }

    @Test
    void roundsFullRefillTimeUp() {
        // 2.5 s and 0.1 s
        assertThat(new KeyedRateLimiter(250, 100, Duration.ofSeconds(1), clock).fullRefillSeconds())
                .isEqualTo(3);
        assertThat(new KeyedRateLimiter(10, 100, Duration.ofSeconds(1), clock).fullRefillSeconds())
                .isEqualTo(1);
    }

    @Test
    void keepsOneBucketPerKey() {
        KeyedRateLimiter limiter = new KeyedRateLimiter(2, 2, Duration.ofMinutes(1), clock);
        takeAll(limiter, "alice");
        assertThat(limiter.tryAcquire("alice").retryAfterSeconds()).isEqualTo(30);
        assertThat(limiter.tryAcquire("bob").allowed()).isTrue();
    }

    @Test
    void peekTakesNoToken() {
        // given
        KeyedRateLimiter limiter = new KeyedRateLimiter(1, 1, Duration.ofMinutes(1), clock);
        assertThat(limiter.peek("x").allowed()).isTrue();
        assertThat(limiter.peek("x").allowed()).isTrue();

        // when
        takeAll(limiter, "x");

        // then
        advanceClock(Duration.ofSeconds(20));
        assertThat(limiter.peek("x")).isEqualTo(new KeyedRateLimiter.Decision(false, 0, 40, 40));
        advanceClock(Duration.ofSeconds(40));
        assertThat(limiter.peek("x").allowed()).isTrue();
    }
}
