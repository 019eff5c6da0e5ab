package dev.darkroom.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Estimates of the database clock from readings of different duration. */
class DatabaseTimeTest {
    private static final OffsetDateTime START = OffsetDateTime.parse("2026-11-30T12:00:00Z");

    private final AtomicLong now = new AtomicLong();
    private final DatabaseTime databaseTime = new DatabaseTime(now::get);

    /** Reads {@code time} in the middle of a reading that takes a number of milliseconds. */
    private void read(OffsetDateTime time, long millis) {
        Future<OffsetDateTime> reading = databaseTime
                .observe(() -> {
                    advance(millis);
                    return Future.succeededFuture(time);
                })
                .get();
        assertThat(reading.succeeded()).isTrue();
    }

    private void advance(long millis) {
        now.addAndGet(Duration.ofMillis(millis).toNanos());
    }

    @Test
    void isUnknownBeforeTheFirstReading() {
        assertThat(databaseTime.since(START)).isEmpty();
    }

    @Test
    void keepsTheShortestReading() {
        // given a reading in the middle of 2 ms, and a longer one that is 40 ms off
        read(START, 2);
        advance(1_000);
        read(START.plus(Duration.ofMillis(1_011)), 100);

        // then 1 ms, 1,000 ms and 100 ms have passed since the first one
        assertThat(databaseTime.since(START)).contains(Duration.ofMillis(1_101));
        assertThat(databaseTime.since(START.plusDays(1))).contains(Duration.ZERO);
    }

    @Test
    void followsAStepOfTheDatabaseClock() {
        // given
        read(START, 2);

        // when the clock is set back by an hour
        read(START.minusHours(1), 100);

        // then
        assertThat(databaseTime.since(START.minusHours(1))).contains(Duration.ofMillis(50));
    }
}
