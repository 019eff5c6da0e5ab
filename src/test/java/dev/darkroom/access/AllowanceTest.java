package dev.darkroom.access;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AllowanceTest {
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

    private static void takeAll(Allowance allowance, String who) {
        for (int i = 0; i < allowance.capacity(); i++) {
            assertThat(allowance.take(who).granted()).isTrue();
        }
    }

    @Test
    void soManyAtOnceAndThenAsTheBucketFills() {
        // given 200 at once, 100 a second
        Allowance allowance = new Allowance(200, 100, Duration.ofSeconds(1), clock);
        assertThat(allowance.take("alice")).isEqualTo(new Allowance.Answer(true, 199, 1, 1));
        for (int i = 0; i < 199; i++) {
            assertThat(allowance.take("alice").granted()).isTrue();
        }

        // then
        assertThat(allowance.take("alice")).isEqualTo(new Allowance.Answer(false, 0, 1, 2));
        pass(Duration.ofMillis(9));
        assertThat(allowance.take("alice").granted()).isFalse();
        pass(Duration.ofMillis(1));
        assertThat(allowance.take("alice").granted()).isTrue();
        assertThat(allowance.take("alice").granted()).isFalse();
        pass(Duration.ofSeconds(10));
        takeAll(allowance, "alice");
        assertThat(allowance.secondsUntilFull()).isEqualTo(2);
    }

    @Test
    void whatIsToldNeverPromisesMoreThanThereIs() {
        // 2.5 s, and 0.1 s
        assertThat(new Allowance(250, 100, Duration.ofSeconds(1), clock).secondsUntilFull())
                .isEqualTo(3);
        assertThat(new Allowance(10, 100, Duration.ofSeconds(1), clock).secondsUntilFull())
                .isEqualTo(1);
    }

    @Test
    void everybodyHasTheirOwn() {
        Allowance allowance = new Allowance(2, 2, Duration.ofMinutes(1), clock);
        takeAll(allowance, "alice");
        assertThat(allowance.take("alice").secondsUntilOne()).isEqualTo(30);
        assertThat(allowance.take("bob").granted()).isTrue();
    }

    @Test
    void askingTakesNothing() {
        // given
        Allowance allowance = new Allowance(1, 1, Duration.ofMinutes(1), clock);
        assertThat(allowance.ask("x").granted()).isTrue();
        assertThat(allowance.ask("x").granted()).isTrue();

        // when
        takeAll(allowance, "x");

        // then
        pass(Duration.ofSeconds(20));
        assertThat(allowance.ask("x")).isEqualTo(new Allowance.Answer(false, 0, 40, 40));
        pass(Duration.ofSeconds(40));
        assertThat(allowance.ask("x").granted()).isTrue();
    }
}
