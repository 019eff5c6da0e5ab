package dev.darkroom.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Validity of the node id of a process, with a clock controlled by the test. */
class LocalNodeTest {
    private static final UUID ID = UUID.randomUUID();
    private static final long VALIDITY = Duration.ofSeconds(12).toNanos();

    /** Close to the overflow, where a comparison of values instead of their difference fails. */
    private long now = Long.MAX_VALUE - Duration.ofSeconds(5).toNanos();

    private final LocalNode localNode = new LocalNode(() -> now);

    private void advance(Duration time) {
        now += time.toNanos();
    }

    @Test
    void hasNoIdBeforeRegistration() {
        assertThat(localNode.validId()).isEmpty();
        assertThat(localNode.claimingId()).isEmpty();
        assertThat(localNode.lastConfirmedId()).isEmpty();
    }

    @Test
    void idExpiresAfterItsValidity() {
        // given
        localNode.confirm(ID, now, VALIDITY);

        // when
        advance(Duration.ofSeconds(12).minusNanos(1));

        // then
        assertThat(localNode.validId()).contains(ID);
        assertThat(localNode.claimingId()).contains(ID);
        advance(Duration.ofNanos(1));
        assertThat(localNode.validId()).isEmpty();
        assertThat(localNode.claimingId()).isEmpty();
        assertThat(localNode.lastConfirmedId()).contains(ID);
    }

    @Test
    void validityCountsFromTheSendTimeOfTheHeartbeat() {
        // given a response after 10 s
        long sentAt = now;
        advance(Duration.ofSeconds(10));

        // when
        localNode.confirm(ID, sentAt, VALIDITY);

        // then
        advance(Duration.ofSeconds(1));
        assertThat(localNode.validId()).contains(ID);
        advance(Duration.ofSeconds(1));
        assertThat(localNode.validId()).isEmpty();
    }

    @Test
    void everyHeartbeatRenewsTheValidity() {
        // given
        localNode.confirm(ID, now, VALIDITY);

        // when
        for (int i = 0; i < 10; i++) {
            advance(Duration.ofSeconds(5));
            localNode.confirm(ID, now, VALIDITY);
        }

        // then
        assertThat(localNode.validId()).contains(ID);
    }

    @Test
    void drainingProcessStopsClaimsAndKeepsItsId() {
        // given
        localNode.confirm(ID, now, VALIDITY);

        // when
        localNode.drain();

        // then
        assertThat(localNode.draining()).isTrue();
        assertThat(localNode.claimingId()).isEmpty();
        assertThat(localNode.validId()).contains(ID);
    }

    @Test
    void drainingIsPermanent() {
        // given
        localNode.drain();

        // when
        localNode.confirm(ID, now, VALIDITY);

        // then
        assertThat(localNode.claimingId()).isEmpty();
    }

    @Test
    void notifiesAllHandlersWhenTheIdentityIsLost() {
        // given
        AtomicInteger calls = new AtomicInteger();
        localNode.onIdentityLost(calls::incrementAndGet);
        localNode.onIdentityLost(calls::incrementAndGet);
        localNode.confirm(ID, now, VALIDITY);

        // when
        localNode.invalidate();

        // then
        assertThat(calls).hasValue(2);
        assertThat(localNode.validId()).isEmpty();
        assertThat(localNode.lastConfirmedId()).isEmpty();
    }

    @Test
    void notifiesHandlersOncePerLostIdentity() {
        // given
        AtomicInteger calls = new AtomicInteger();
        localNode.onIdentityLost(calls::incrementAndGet);

        // when
        localNode.invalidate();
        localNode.confirm(ID, now, VALIDITY);
        localNode.invalidate();
        localNode.invalidate();

        // then
        assertThat(calls).hasValue(1);
    }

    @Test
    void clearsTheIdentityBeforeItNotifiesHandlers() {
        // given
        AtomicBoolean cleared = new AtomicBoolean();
        localNode.onIdentityLost(() -> cleared.set(localNode.lastConfirmedId().isEmpty()));
        localNode.confirm(ID, now, VALIDITY);

        // when
        localNode.invalidate();

        // then
        assertThat(cleared).isTrue();
    }

    @Test
    void acceptsNewIdAfterALoss() {
        // given
        localNode.confirm(ID, now, VALIDITY);
        localNode.invalidate();
        UUID next = UUID.randomUUID();

        // when
        localNode.confirm(next, now, VALIDITY);

        // then
        assertThat(localNode.validId()).contains(next);
        assertThat(localNode.claimingId()).contains(next);
    }
}
