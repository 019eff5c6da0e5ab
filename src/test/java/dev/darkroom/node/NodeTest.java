package dev.darkroom.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Under which identity a process may act, by a clock of the test's own. */
class NodeTest {
    private static final UUID ID = UUID.randomUUID();
    private static final long TRUST = Duration.ofSeconds(12).toNanos();

    /** Close to the overflow, where a comparison instead of a difference goes wrong. */
    private long now = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();

    private final Node node = new Node(() -> now);

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void aProcessThatHasNotJoinedIsNobody() {
        assertThat(node.trusted()).isEmpty();
        assertThat(node.claimant()).isEmpty();
        assertThat(node.lastKnown()).isEmpty();
    }

    @Test
    void anIdentityIsTrustedForTheTrustWindowAndNoLonger() {
        // given
        node.confirm(ID, now, TRUST);

        // when
        pass(Duration.ofSeconds(12).minusNanos(1));

        // then
        assertThat(node.trusted()).contains(ID);
        assertThat(node.claimant()).contains(ID);
        pass(Duration.ofNanos(1));
        assertThat(node.trusted()).isEmpty();
        assertThat(node.claimant()).isEmpty();
        assertThat(node.lastKnown()).contains(ID);
    }

    @Test
    void trustCountsFromWhenTheHeartbeatWasSent() {
        // given an answer that took 10 s
        long sentAt = now;
        pass(Duration.ofSeconds(10));

        // when
        node.confirm(ID, sentAt, TRUST);

        // then
        pass(Duration.ofSeconds(1));
        assertThat(node.trusted()).contains(ID);
        pass(Duration.ofSeconds(1));
        assertThat(node.trusted()).isEmpty();
    }

    @Test
    void everyHeartbeatRenewsTheTrust() {
        // given
        node.confirm(ID, now, TRUST);

        // when
        for (int i = 0; i < 10; i++) {
            pass(Duration.ofSeconds(5));
            node.confirm(ID, now, TRUST);
        }

        // then
        assertThat(node.trusted()).contains(ID);
    }

    @Test
    void aDrainingProcessEndsItsWorkAndTakesNoMore() {
        // given
        node.confirm(ID, now, TRUST);

        // when
        node.drain();

        // then
        assertThat(node.draining()).isTrue();
        assertThat(node.claimant()).isEmpty();
        assertThat(node.trusted()).contains(ID);
    }

    @Test
    void drainingIsForGood() {
        // given
        node.drain();

        // when
        node.confirm(ID, now, TRUST);

        // then
        assertThat(node.claimant()).isEmpty();
    }

    @Test
    void whoWorkedUnderALostIdentityIsTold() {
        // given
        AtomicInteger told = new AtomicInteger();
        node.onLost(told::incrementAndGet);
        node.onLost(told::incrementAndGet);
        node.confirm(ID, now, TRUST);

        // when
        node.lose();

        // then
        assertThat(told).hasValue(2);
        assertThat(node.trusted()).isEmpty();
        assertThat(node.lastKnown()).isEmpty();
    }

    @Test
    void whatIsLostIsLostOnce() {
        // given
        AtomicInteger told = new AtomicInteger();
        node.onLost(told::incrementAndGet);

        // when
        node.lose();
        node.confirm(ID, now, TRUST);
        node.lose();
        node.lose();

        // then
        assertThat(told).hasValue(1);
    }

    @Test
    void thoseWhoAreToldSeeThatTheIdentityIsGone() {
        // given
        AtomicInteger seen = new AtomicInteger();
        node.onLost(() -> seen.set(node.lastKnown().isEmpty() ? 1 : 2));
        node.confirm(ID, now, TRUST);

        // when
        node.lose();

        // then
        assertThat(seen).hasValue(1);
    }

    @Test
    void aNewIdentityIsAnotherOne() {
        // given
        node.confirm(ID, now, TRUST);
        node.lose();
        UUID next = UUID.randomUUID();

        // when
        node.confirm(next, now, TRUST);

        // then
        assertThat(node.trusted()).contains(next);
        assertThat(node.claimant()).contains(next);
    }
}
