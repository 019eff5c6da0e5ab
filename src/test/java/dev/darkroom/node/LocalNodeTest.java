package dev.darkroom.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Under which identity a process may act, by a clock of the test's own. */
class LocalNodeTest {
    private static final UUID ID = UUID.randomUUID();
    private static final long TRUST = Duration.ofSeconds(12).toNanos();

    /** Close to the overflow, where a comparison instead of a difference goes wrong. */
    private long now = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();

    private final LocalNode localNode = new LocalNode(() -> now);

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void aProcessThatHasNotJoinedIsNobody() {
        assertThat(localNode.validId()).isEmpty();
        assertThat(localNode.claimingId()).isEmpty();
        assertThat(localNode.lastConfirmedId()).isEmpty();
    }

    @Test
    void anIdentityIsTrustedForTheTrustWindowAndNoLonger() {
        // given
        localNode.confirm(ID, now, TRUST);

        // when
        pass(Duration.ofSeconds(12).minusNanos(1));

        // then
        assertThat(localNode.validId()).contains(ID);
        assertThat(localNode.claimingId()).contains(ID);
        pass(Duration.ofNanos(1));
        assertThat(localNode.validId()).isEmpty();
        assertThat(localNode.claimingId()).isEmpty();
        assertThat(localNode.lastConfirmedId()).contains(ID);
    }

    @Test
    void trustCountsFromWhenTheHeartbeatWasSent() {
        // given an answer that took 10 s
        long sentAt = now;
        pass(Duration.ofSeconds(10));

        // when
        localNode.confirm(ID, sentAt, TRUST);

        // then
        pass(Duration.ofSeconds(1));
        assertThat(localNode.validId()).contains(ID);
        pass(Duration.ofSeconds(1));
        assertThat(localNode.validId()).isEmpty();
    }

    @Test
    void everyHeartbeatRenewsTheTrust() {
        // given
        localNode.confirm(ID, now, TRUST);

        // when
        for (int i = 0; i < 10; i++) {
            pass(Duration.ofSeconds(5));
            localNode.confirm(ID, now, TRUST);
        }

        // then
        assertThat(localNode.validId()).contains(ID);
    }

    @Test
    void aDrainingProcessEndsItsWorkAndTakesNoMore() {
        // given
        localNode.confirm(ID, now, TRUST);

        // when
        localNode.drain();

        // then
        assertThat(localNode.draining()).isTrue();
        assertThat(localNode.claimingId()).isEmpty();
        assertThat(localNode.validId()).contains(ID);
    }

    @Test
    void drainingIsForGood() {
        // given
        localNode.drain();

        // when
        localNode.confirm(ID, now, TRUST);

        // then
        assertThat(localNode.claimingId()).isEmpty();
    }

    @Test
    void whoWorkedUnderALostIdentityIsTold() {
        // given
        AtomicInteger told = new AtomicInteger();
        localNode.onIdentityLost(told::incrementAndGet);
        localNode.onIdentityLost(told::incrementAndGet);
        localNode.confirm(ID, now, TRUST);

        // when
        localNode.invalidate();

        // then
        assertThat(told).hasValue(2);
        assertThat(localNode.validId()).isEmpty();
        assertThat(localNode.lastConfirmedId()).isEmpty();
    }

    @Test
    void whatIsLostIsLostOnce() {
        // given
        AtomicInteger told = new AtomicInteger();
        localNode.onIdentityLost(told::incrementAndGet);

        // when
        localNode.invalidate();
        localNode.confirm(ID, now, TRUST);
        localNode.invalidate();
        localNode.invalidate();

        // then
        assertThat(told).hasValue(1);
    }

    @Test
    void thoseWhoAreToldSeeThatTheIdentityIsGone() {
        // given
        AtomicInteger seen = new AtomicInteger();
        localNode.onIdentityLost(() -> seen.set(localNode.lastConfirmedId().isEmpty() ? 1 : 2));
        localNode.confirm(ID, now, TRUST);

        // when
        localNode.invalidate();

        // then
        assertThat(seen).hasValue(1);
    }

    @Test
    void aNewIdentityIsAnotherOne() {
        // given
        localNode.confirm(ID, now, TRUST);
        localNode.invalidate();
        UUID next = UUID.randomUUID();

        // when
        localNode.confirm(next, now, TRUST);

        // then
        assertThat(localNode.validId()).contains(next);
        assertThat(localNode.claimingId()).contains(next);
    }
}
