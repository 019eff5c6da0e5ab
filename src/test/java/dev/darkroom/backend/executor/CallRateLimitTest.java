package dev.darkroom.backend.executor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class CallRateLimitTest {
    private final AtomicLong nanos = new AtomicLong();

    private void elapse(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void permitsSoManyCallsInAnyMinute() {
        // given
        CallRateLimit limit = new CallRateLimit(2, nanos::get);

        // when
        assertThat(limit.recordCall()).isEmpty();
        elapse(Duration.ofSeconds(20));

        // then
        assertThat(limit.available()).isEqualTo(1);
        assertThat(limit.recordCall()).contains(Duration.ofSeconds(40));
        assertThat(limit.available()).isZero();

        // when
        elapse(Duration.ofSeconds(40));

        // then
        assertThat(limit.available()).isEqualTo(1);
    }

    @Test
    void zeroIsNoLimit() {
        // given
        CallRateLimit limit = new CallRateLimit(0, nanos::get);

        // then
        assertThat(limit.recordCall()).isEmpty();
        assertThat(limit.available()).isEqualTo(Integer.MAX_VALUE);
    }
}
