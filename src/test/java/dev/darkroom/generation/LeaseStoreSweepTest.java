package dev.darkroom.generation;

import static dev.darkroom.generation.QueueFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.LeaseStore.Abandoned;
import dev.darkroom.generation.RetryDecision.Reason;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What sweeps find and may do. */
@Tag("database")
class LeaseStoreSweepTest {
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final Reason TIME_IS_UP = RetryPolicy.deadlineExceeded(FailureClass.NOT_SENT);

    @RegisterExtension
    static final QueueFixture queue = new QueueFixture();

    private static void set(UUID generation, String assignment) {
        queue.execute("UPDATE generation_queue SET " + assignment + " WHERE generation_id = '" + generation + "'");
    }

    private static List<Abandoned> abandoned() {
        return await(queue.leases.abandoned(GRACE, 10));
    }

    @Test
    void theWorkOfLiveProcessesIsNotAbandoned() {
        // given
        queue.claimed();
        queue.submit();

        // then
        assertThat(abandoned()).isEmpty();
    }

    @Test
    void theWorkOfADrainingProcessIsStillItsOwn() {
        // given
        Lease lease = queue.claimed();
        queue.execute("UPDATE nodes SET draining = true WHERE id = '" + lease.nodeId() + "'");

        // then
        assertThat(abandoned()).isEmpty();
    }

    @Test
    void theWorkOfDeadProcessesIsFound() {
        // given one that is past its time, and one that is not even remembered
        Lease ofTheDead = queue.claimed();
        Lease ofTheForgotten = queue.claimed();
        queue.claimed();
        queue.expire(ofTheDead.nodeId());
        queue.execute("DELETE FROM nodes WHERE id = '" + ofTheForgotten.nodeId() + "'");

        // when
        List<Abandoned> found = abandoned();

        // then
        assertThat(found).allSatisfy(each -> assertThat(each.ownerAlive()).isFalse());
        assertThat(found)
                .extracting(each -> each.lease().generationId())
                .containsExactlyInAnyOrder(ofTheDead.generationId(), ofTheForgotten.generationId());
        assertThat(found)
                .extracting(each -> each.lease().nodeId(), each -> each.lease().token())
                .containsExactlyInAnyOrder(tuple(ofTheDead.nodeId(), 1L), tuple(ofTheForgotten.nodeId(), 1L));
    }

    @Test
    void anAttemptOfALiveProcessIsFoundOnceItOverranByMoreThanTheGrace() {
        // given
        Lease within = queue.claimed();
        Lease overran = queue.claimed();
        set(within.generationId(), "attempt_deadline = now() - interval '4 s'");
        set(overran.generationId(), "attempt_deadline = now() - interval '6 s'");

        // when
        List<Abandoned> found = abandoned();

        // then
        assertThat(found).singleElement().satisfies(each -> {
            assertThat(each.lease().generationId()).isEqualTo(overran.generationId());
            assertThat(each.ownerAlive()).isTrue();
        });
    }

    @Test
    void anAbandonedLeaseCarriesWhatTheDecisionNeeds() {
        // given
        queue.submit();
        UUID node = queue.node();
        await(queue.leases.retry(
                queue.claim(node, 1).get(0), AttemptOutcome.RETRYABLE, true, Failures.SERVER_ERROR, Duration.ZERO));
        await(queue.leases.retry(
                queue.claim(node, 1).get(0), AttemptOutcome.LOST, false, Failures.SERVER_ERROR, Duration.ZERO));
        queue.claim(node, 1);
        queue.expire(node);

        // when
        Lease lease = abandoned().get(0).lease();

        // then
        assertThat(lease.userId()).isEqualTo("local");
        assertThat(lease.number()).isEqualTo(3);
        assertThat(lease.counted()).isEqualTo(1);
        assertThat(lease.lost()).isEqualTo(1);
        assertThat(lease.timeLeft()).isBetween(Duration.ofMinutes(14), Duration.ofMinutes(15));
        assertThat(lease.work()).isNull();
    }

    @Test
    void aSweepTakesALimitedNumber() {
        // given
        for (int i = 0; i < 3; i++) {
            queue.submit();
        }
        UUID node = queue.node();
        queue.claim(node, 3);
        queue.expire(node);

        // then
        assertThat(await(queue.leases.abandoned(GRACE, 2))).hasSize(2);
    }

    @Test
    void whatWaitsPastItsDeadlineIsOverdue() {
        // given
        Lease running = queue.claimed();
        UUID overdue = queue.submit();
        set(overdue, "deadline = now() - interval '1 s'");
        set(running.generationId(), "deadline = now() - interval '2 s'");
        queue.submit();

        // then what is at work ends by itself
        assertThat(await(queue.leases.overdue(10))).containsExactly(overdue);
        assertThat(await(queue.leases.overdue(0))).isEmpty();
    }

    @Test
    void whatIsOverdueExpires() {
        // given
        UUID id = queue.submit();
        set(id, "deadline = now()");

        // when
        Optional<LeaseStore.Ended> ended = await(queue.leases.expire(id, TIME_IS_UP));

        // then
        assertThat(ended.orElseThrow().generation())
                .isEqualTo(new EndedGeneration(
                        id, "local", GenerationStatus.FAILED, "DEADLINE_EXCEEDED", TIME_IS_UP.message(), 0, 0));
        assertThat(queue.value("""
                SELECT concat_ws(' ', status, failed_attempts, error_code, error_class, error_retryable)
                FROM generations""")).isEqualTo("FAILED 0 DEADLINE_EXCEEDED NOT_SENT t");
        assertThat(queue.query("SELECT 1 FROM generation_attempts")).isEmpty();
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    @Test
    void theReasonOfAnExpiredGenerationHasTheClassOfItsLastFailure() {
        // given
        Lease first = queue.claimed();
        await(queue.leases.retry(first, AttemptOutcome.RETRYABLE, true, Failures.SERVER_ERROR, Duration.ZERO));
        Lease second = queue.claim(first.nodeId(), 1).get(0);
        await(queue.leases.retry(second, AttemptOutcome.TIMEOUT, true, Failures.TIMED_OUT, Duration.ZERO));
        set(first.generationId(), "deadline = now()");

        // when
        await(queue.leases.expire(first.generationId(), TIME_IS_UP));

        // then
        assertThat(queue.value("SELECT error_class FROM generations")).isEqualTo("AMBIGUOUS");
    }

    @Test
    void whatStillHasTimeOrIsAtWorkDoesNotExpire() {
        // given
        Lease running = queue.claimed();
        UUID early = queue.submit();
        set(running.generationId(), "deadline = now()");
        List<String> before = queue.snapshot();

        // then
        assertThat(await(queue.leases.expire(early, TIME_IS_UP))).isEmpty();
        assertThat(await(queue.leases.expire(running.generationId(), TIME_IS_UP)))
                .isEmpty();
        assertThat(await(queue.leases.expire(UUID.randomUUID(), TIME_IS_UP))).isEmpty();
        assertThat(queue.snapshot()).isEqualTo(before);
    }

    @Test
    void whatEndedDoesNotExpire() {
        // given
        Lease lease = queue.claimed();
        await(queue.leases.complete(lease, QueueFixture.pictures(1)));
        List<String> before = queue.snapshot();

        // then
        assertThat(await(queue.leases.expire(lease.generationId(), TIME_IS_UP))).isEmpty();
        assertThat(queue.snapshot()).isEqualTo(before);
    }

    @Test
    void aProcessCanAskWhatItHolds() {
        // given
        Lease old = queue.claimed();
        set(old.generationId(), "attempt_started_at = now() - interval '20 s'");
        queue.submit();
        queue.claim(old.nodeId(), 1);
        queue.claimed();

        // when
        List<Lease> held = await(queue.leases.held(old.nodeId(), Duration.ofSeconds(15)));

        // then
        assertThat(held).singleElement().satisfies(lease -> {
            assertThat(lease.generationId()).isEqualTo(old.generationId());
            assertThat(lease.nodeId()).isEqualTo(old.nodeId());
            assertThat(lease.token()).isEqualTo(old.token());
        });
    }
}
