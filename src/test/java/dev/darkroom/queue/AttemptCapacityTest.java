package dev.darkroom.queue;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AttemptCapacityTest {
    private static final int CONCURRENCY = 4;

    private final AtomicLong nanos = new AtomicLong();
    private final AttemptCapacity capacity = new AttemptCapacity(running -> CONCURRENCY - running, nanos::get);

    @Test
    void reservationsShareTheCapacityWithRunningAttempts() {
        // given
        AttemptCapacity.Reservation first = capacity.reserve(3);
        capacity.end(first, 2);

        // when
        AttemptCapacity.Reservation second = capacity.reserve(5);
        AttemptCapacity.Reservation third = capacity.reserve(1);

        // then
        assertThat(second.count()).isEqualTo(2);
        assertThat(third.count()).isZero();
    }

    @Test
    void anEndedAttemptIsFreeAgain() {
        // given
        capacity.end(capacity.reserve(CONCURRENCY), CONCURRENCY);

        // when
        capacity.endAttempt();

        // then
        assertThat(capacity.free()).isEqualTo(1);
        assertThat(capacity.isUnused()).isFalse();
    }

    @Test
    void anOldReservationDoesNotCount() {
        // given
        AttemptCapacity.Reservation silent = capacity.reserve(CONCURRENCY);

        // when
        nanos.addAndGet(AttemptCapacity.MAX_RESERVATION_AGE.toNanos());

        // then others may use its capacity, but it is still open
        assertThat(capacity.free()).isEqualTo(CONCURRENCY);
        assertThat(capacity.isUnused()).isFalse();
        capacity.end(silent, 0);
        assertThat(capacity.isUnused()).isTrue();
    }

    @Test
    void reportsTheEndOfTheOpenReservations() {
        // given
        AttemptCapacity.Reservation open = capacity.reserve(1);
        Future<?> ended = capacity.openReservationsEnd();
        AttemptCapacity.Reservation later = capacity.reserve(1);

        // when
        assertThat(ended.isComplete()).isFalse();
        capacity.end(open, 1);

        // then a later reservation does not matter
        assertThat(ended.isComplete()).isTrue();
        assertThat(capacity.openReservationsEnd().isComplete()).isFalse();
        capacity.end(later, 0);
        assertThat(capacity.openReservationsEnd().isComplete()).isTrue();
    }

    @Test
    void reservesNothingAfterClose() {
        // when
        capacity.close();

        // then
        assertThat(capacity.reserve(1).count()).isZero();
    }
}
