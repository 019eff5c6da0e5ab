package dev.darkroom.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

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

    private void pass(Duration time) {
        nanos += time.toNanos();
    }

    private static void takeAll(KeyedRateLimiter keyedRateLimiter, String who) {
        for (int i = 0; i < keyedRateLimiter.capacity(); i++) {
            assertThat(keyedRateLimiter.tryAcquire(who).allowed()).isTrue();
        }
    }

    @Test
    void soManyAtOnceAndThenAsTheBucketFills() {
        // given 200 at once, 100 a second
        KeyedRateLimiter keyedRateLimiter = new KeyedRateLimiter(200, 100, Duration.ofSeconds(1), clock);
        assertThat(keyedRateLimiter.tryAcquire("alice")).isEqualTo(new KeyedRateLimiter.Decision(true, 199, 1, 1));
        for (int i = 0; i < 199; i++) {
            assertThat(keyedRateLimiter.tryAcquire("alice").allowed()).isTrue();
        }

        // then
        assertThat(keyedRateLimiter.tryAcquire("alice")).isEqualTo(new KeyedRateLimiter.Decision(false, 0, 1, 2));
        pass(Duration.ofMillis(9));
        assertThat(keyedRateLimiter.tryAcquire("alice").allowed()).isFalse();
        pass(Duration.ofMillis(1));
        assertThat(keyedRateLimiter.tryAcquire("alice").allowed()).isTrue();
        assertThat(keyedRateLimiter.tryAcquire("alice").allowed()).isFalse();
        pass(Duration.ofSeconds(10));
        takeAll(keyedRateLimiter, "alice");
        assertThat(keyedRateLimiter.fullRefillSeconds()).isEqualTo(2);
    }

    @Test
    void whatIsToldNeverPromisesMoreThanThereIs() {
        // 2.5 s, and 0.1 s
        assertThat(new KeyedRateLimiter(250, 100, Duration.ofSeconds(1), clock).fullRefillSeconds())
                .isEqualTo(3);
        assertThat(new KeyedRateLimiter(10, 100, Duration.ofSeconds(1), clock).fullRefillSeconds())
                .isEqualTo(1);
    }

    @Test
    void everybodyHasTheirOwn() {
        KeyedRateLimiter keyedRateLimiter = new KeyedRateLimiter(2, 2, Duration.ofMinutes(1), clock);
        takeAll(keyedRateLimiter, "alice");
        assertThat(keyedRateLimiter.tryAcquire("alice").retryAfterSeconds()).isEqualTo(30);
        assertThat(keyedRateLimiter.tryAcquire("bob").allowed()).isTrue();
    }

    @Test
    void askingTakesNothing() {
        // given
        KeyedRateLimiter keyedRateLimiter = new KeyedRateLimiter(1, 1, Duration.ofMinutes(1), clock);
        assertThat(keyedRateLimiter.peek("x").allowed()).isTrue();
        assertThat(keyedRateLimiter.peek("x").allowed()).isTrue();

        // when
        takeAll(keyedRateLimiter, "x");

        // then
        pass(Duration.ofSeconds(20));
        assertThat(keyedRateLimiter.peek("x")).isEqualTo(new KeyedRateLimiter.Decision(false, 0, 40, 40));
        pass(Duration.ofSeconds(40));
        assertThat(keyedRateLimiter.peek("x").allowed()).isTrue();
    }
}
