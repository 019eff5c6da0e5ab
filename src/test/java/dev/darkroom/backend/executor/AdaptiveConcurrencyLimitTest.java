package dev.darkroom.backend.executor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AdaptiveConcurrencyLimitTest {
    private final AdaptiveConcurrencyLimit limit = new AdaptiveConcurrencyLimit(20);

    @Test
    void startsAtTheMaximum() {
        assertThat(limit.maxCalls()).isEqualTo(20);
    }

    @Test
    void overloadLowersTheLimitByThirtyPercentButNotBelowOne() {
        // when
        limit.recordOverload(0, 100);

        // then
        assertThat(limit.maxCalls()).isEqualTo(14);

        // when
        for (int i = 2; i < 30; i++) {
            limit.recordOverload(100 * i, 100 * i + 50);
        }

        // then
        assertThat(limit.maxCalls()).isEqualTo(1);
    }

    @Test
    void concurrentCallsLowerTheLimitOnce() {
        // when: all calls started before the first failure
        for (int i = 0; i < 20; i++) {
            limit.recordOverload(90, 100 + i);
        }

        // then
        assertThat(limit.maxCalls()).isEqualTo(14);
    }

    @Test
    void fullRoundOfSuccessesRaisesTheLimitByOne() {
        // given
        limit.recordOverload(0, 100);

        // when
        for (int i = 0; i < 14; i++) {
            limit.recordSuccess(14);
        }
        limit.recordSuccess(14);

        // then
        assertThat(limit.maxCalls()).isEqualTo(15);
    }

    @Test
    void doesNotRaiseALimitThatIsNotReached() {
        // given
        limit.recordOverload(0, 100);

        // when
        for (int i = 0; i < 1000; i++) {
            limit.recordSuccess(13);
        }

        // then
        assertThat(limit.maxCalls()).isEqualTo(14);
    }

    @Test
    void neverExceedsTheMaximum() {
        for (int i = 0; i < 1000; i++) {
            limit.recordSuccess(20);
        }
        assertThat(limit.maxCalls()).isEqualTo(20);
    }

    @Test
    void doublesWithEachRoundAfterAnOutage() {
        // given
        limit.recordOutage(3);
        assertThat(limit.maxCalls()).isEqualTo(3);

        // when
        for (int i = 0; i < 3; i++) {
            limit.recordSuccess(1);
        }

        // then
        assertThat(limit.maxCalls()).isEqualTo(6);

        // when
        for (int i = 0; i < 6; i++) {
            limit.recordSuccess(1);
        }

        // then
        assertThat(limit.maxCalls()).isEqualTo(12);
    }

    @Test
    void convergesToTheCapacityOfTheServer() {
        // given: a server with a capacity of eight concurrent calls
        long now = 1_000;
        int highest = 0;
        int lowest = 20;

        // when
        for (int round = 0; round < 500; round++) {
            int calls = limit.maxCalls();
            long startedAt = now;
            now += 1_000;
            for (int i = 0; i < calls; i++) {
                if (i < 8) {
                    limit.recordSuccess(calls);
                } else {
                    limit.recordOverload(startedAt, now);
                }
            }
            if (round > 50) {
                highest = Math.max(highest, limit.maxCalls());
                lowest = Math.min(lowest, limit.maxCalls());
            }
        }

        // then
        assertThat(highest).isBetween(8, 10);
        assertThat(lowest).isBetween(5, 8);
    }
}
