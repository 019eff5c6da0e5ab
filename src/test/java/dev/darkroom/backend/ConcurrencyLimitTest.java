package dev.darkroom.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** How many calls at once an AI server is given, by how it takes them. */
class ConcurrencyLimitTest {
    private final ConcurrencyLimit limit = new ConcurrencyLimit(20);

    @Test
    void itBeginsWithAllThatIsAllowed() {
        assertThat(limit.calls()).isEqualTo(20);
    }

    @Test
    void overloadMakesItLessByThreeTenthsButNeverNone() {
        // when
        limit.overloaded(0, 100);

        // then
        assertThat(limit.calls()).isEqualTo(14);

        // when
        for (int i = 2; i < 30; i++) {
            limit.overloaded(100 * i, 100 * i + 50);
        }

        // then
        assertThat(limit.calls()).isEqualTo(1);
    }

    @Test
    void callsOfTheSameOverloadCountOnce() {
        // when: they were all under way when the first of them failed
        for (int i = 0; i < 20; i++) {
            limit.overloaded(90, 100 + i);
        }

        // then
        assertThat(limit.calls()).isEqualTo(14);
    }

    @Test
    void aFullRoundOfGoodCallsMakesItOneMore() {
        // given
        limit.overloaded(0, 100);

        // when
        for (int i = 0; i < 14; i++) {
            limit.succeeded(14);
        }
        limit.succeeded(14);

        // then
        assertThat(limit.calls()).isEqualTo(15);
    }

    @Test
    void aLimitThatIsNotReachedIsNotTriedAndDoesNotGrow() {
        // given
        limit.overloaded(0, 100);

        // when
        for (int i = 0; i < 1000; i++) {
            limit.succeeded(13);
        }

        // then
        assertThat(limit.calls()).isEqualTo(14);
    }

    @Test
    void itNeverExceedsWhatIsAllowed() {
        for (int i = 0; i < 1000; i++) {
            limit.succeeded(20);
        }
        assertThat(limit.calls()).isEqualTo(20);
    }

    @Test
    void afterAnOutageItDoublesWithEachRound() {
        // given
        limit.outage(3);
        assertThat(limit.calls()).isEqualTo(3);

        // when
        for (int i = 0; i < 3; i++) {
            limit.succeeded(1);
        }

        // then
        assertThat(limit.calls()).isEqualTo(6);

        // when
        for (int i = 0; i < 6; i++) {
            limit.succeeded(1);
        }

        // then
        assertThat(limit.calls()).isEqualTo(12);
    }

    @Test
    void itSettlesNearWhatTheServerTakes() {
        // given: a server that takes eight at once and refuses more
        long now = 1_000;
        int highest = 0;
        int lowest = 20;

        // when
        for (int round = 0; round < 500; round++) {
            int calls = limit.calls();
            long startedAt = now;
            now += 1_000;
            for (int i = 0; i < calls; i++) {
                if (i < 8) {
                    limit.succeeded(calls);
                } else {
                    limit.overloaded(startedAt, now);
                }
            }
            if (round > 50) {
                highest = Math.max(highest, limit.calls());
                lowest = Math.min(lowest, limit.calls());
            }
        }

        // then
        assertThat(highest).isBetween(8, 10);
        assertThat(lowest).isBetween(5, 8);
    }
}
