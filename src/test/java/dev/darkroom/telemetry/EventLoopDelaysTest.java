package dev.darkroom.telemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Delays of a timer on the thread of the test. */
class EventLoopDelaysTest {
    private final AtomicLong now = new AtomicLong(TimeUnit.SECONDS.toNanos(100));
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final EventLoopDelays delays = new EventLoopDelays(registry, now::get);

    private void advanceMillis(long millis) {
        now.addAndGet(TimeUnit.MILLISECONDS.toNanos(millis));
    }

    @Test
    void showsALoopThatIsStillBlocked() {
        // given
        AtomicLong expected = delays.claimCurrentLoop();
        delays.recordRun(expected, TimeUnit.MILLISECONDS.toNanos(100));

        // when the timer does not run when it is due
        advanceMillis(100);
        double onTime = blockedSeconds();
        advanceMillis(2_500);
        double blocked = blockedSeconds();

        // then
        assertThat(onTime).isZero();
        assertThat(blocked).isEqualTo(2.5);

        // when it runs
        delays.recordRun(expected, TimeUnit.MILLISECONDS.toNanos(100));

        // then
        assertThat(blockedSeconds()).isZero();
        assertThat(registry.get("darkroom.event.loop.delay").timer().max(TimeUnit.MILLISECONDS))
                .isEqualTo(2_500);
    }

    @Test
    void claimsALoopOnce() {
        // when
        AtomicLong first = delays.claimCurrentLoop();
        AtomicLong second = delays.claimCurrentLoop();

        // then
        assertThat(first).isNotNull();
        assertThat(second).isNull();
    }

    private double blockedSeconds() {
        return registry.get("darkroom.event.loop.blocked")
                .tag("loop", "0")
                .gauge()
                .value();
    }
}
