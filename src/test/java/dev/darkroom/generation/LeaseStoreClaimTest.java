package dev.darkroom.generation;

import static dev.darkroom.generation.QueueFixture.ATTEMPT;
import static dev.darkroom.generation.QueueFixture.BACKEND;
import static dev.darkroom.generation.QueueFixture.ROUTE;
import static dev.darkroom.generation.QueueFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.ImageRequest;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which work a process gets when it asks for some. */
@Tag("database")
class LeaseStoreClaimTest {
    @RegisterExtension
    static final QueueFixture queue = new QueueFixture();

    private static List<UUID> ids(List<Lease> leases) {
        return leases.stream().map(Lease::generationId).toList();
    }

    private static void set(UUID generation, String assignment) {
        queue.execute("UPDATE generation_queue SET " + assignment + " WHERE generation_id = '" + generation + "'");
    }

    @Test
    void aLeaseSaysAllThatAnAttemptNeeds() {
        // given
        UUID id = queue.submit();
        UUID node = queue.node();

        // when
        List<Lease> leases = queue.claim(node, 1);

        // then
        assertThat(leases).singleElement().satisfies(lease -> {
            assertThat(lease.generationId()).isEqualTo(id);
            assertThat(lease.userId()).isEqualTo("local");
            assertThat(lease.nodeId()).isEqualTo(node);
            assertThat(lease.token()).isEqualTo(1);
            assertThat(lease.number()).isEqualTo(1);
            assertThat(lease.counted()).isZero();
            assertThat(lease.lost()).isZero();
            assertThat(lease.attemptBudget()).isBetween(ATTEMPT.minusSeconds(10), ATTEMPT);
            assertThat(lease.timeLeft()).isBetween(Duration.ofMinutes(14), Duration.ofMinutes(15));
            assertThat(lease.work())
                    .isEqualTo(new ImageRequest(id.toString(), "a lighthouse", null, 64, 64, 1, 7, null));
        });
        assertThat(queue.value(
                        "SELECT lease_owner || ' ' || lease_token || ' ' || attempt_backend FROM generation_queue"))
                .isEqualTo(node + " 1 " + BACKEND);
        assertThat(queue.value("SELECT attempt_deadline - attempt_started_at FROM generation_queue"))
                .isEqualTo("00:02:00");
    }

    @Test
    void anAttemptEndsNoLaterThanItsGeneration() {
        // given
        queue.submit(Duration.ofSeconds(30));

        // when
        Lease lease = queue.claim(queue.node(), 1).get(0);

        // then
        assertThat(lease.attemptBudget()).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(30));
        assertThat(queue.value("SELECT attempt_deadline = deadline FROM generation_queue"))
                .isEqualTo("true");
    }

    @Test
    void noMoreIsClaimedThanAskedFor() {
        // given
        for (int i = 0; i < 5; i++) {
            queue.submit();
        }
        UUID node = queue.node();

        // when
        List<Lease> leases = queue.claim(node, 3);

        // then
        assertThat(leases).hasSize(3);
        assertThat(queue.value("SELECT count(*) FROM generation_queue WHERE lease_owner IS NOT NULL"))
                .isEqualTo("3");
        assertThat(queue.claim(node, 3)).hasSize(2);
        assertThat(queue.claim(node, 3)).isEmpty();
    }

    @Test
    void twoWhoClaimAtOnceNeverGetTheSame() {
        // given
        for (int i = 0; i < 60; i++) {
            queue.submit();
        }
        UUID one = queue.node();
        UUID other = queue.node();

        // when
        List<Future<List<Lease>>> claims = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            claims.add(queue.leases.claim(i % 2 == 0 ? one : other, ROUTE, 5, BACKEND, ATTEMPT));
        }
        await(Future.all(claims));
        List<UUID> claimed = new ArrayList<>();
        claims.forEach(claim -> claimed.addAll(ids(claim.result())));

        // then
        assertThat(claimed).doesNotHaveDuplicates();
        assertThat(claimed.size() + queue.claim(one, 100).size()).isEqualTo(60);
    }

    @Test
    void whatSomebodyElseHoldsALockOnIsPassedOver() {
        // given
        UUID locked = queue.submit();
        UUID free = queue.submit();
        UUID node = queue.node();

        // when
        List<Lease> leases = await(queue.database.inTransaction(connection -> connection
                .query("SELECT 1 FROM generation_queue WHERE generation_id = '" + locked + "' FOR UPDATE")
                .execute()
                .compose(rows -> queue.leases.claim(node, ROUTE, 10, BACKEND, ATTEMPT))));

        // then
        assertThat(ids(leases)).containsExactly(free);
    }

    @Test
    void whatIsNotDueYetIsLeftAlone() {
        // given
        set(queue.submit(), "run_at = now() + interval '1 min'");

        // then
        assertThat(queue.claim(queue.node(), 10)).isEmpty();
    }

    @Test
    void whatIsPastItsDeadlineIsLeftToTheSweep() {
        // given
        set(queue.submit(), "deadline = now() - interval '1 ms'");

        // then
        assertThat(queue.claim(queue.node(), 10)).isEmpty();
    }

    @Test
    void anotherRouteIsAnotherQueue() {
        // given
        queue.submit();

        // then
        assertThat(await(queue.leases.claim(queue.node(), "elsewhere", 10, BACKEND, ATTEMPT)))
                .isEmpty();
    }

    @Test
    void onlyALiveProcessThatIsNotDrainingGetsWork() {
        // given
        queue.submit();
        UUID dead = queue.node();
        queue.expire(dead);
        UUID draining = queue.node();
        queue.execute("UPDATE nodes SET draining = true WHERE id = '" + draining + "'");
        List<String> before = queue.snapshot();

        // then
        assertThat(queue.claim(dead, 10)).isEmpty();
        assertThat(queue.claim(draining, 10)).isEmpty();
        assertThat(queue.claim(UUID.randomUUID(), 10)).isEmpty();
        assertThat(queue.snapshot()).isEqualTo(before);
    }

    @Test
    void everyClaimHasALargerTokenThanTheOneBefore() {
        // given
        queue.submit();
        UUID node = queue.node();
        Lease first = queue.claim(node, 1).get(0);

        // when
        await(queue.leases.release(first));
        Lease second = queue.claim(node, 1).get(0);
        await(queue.leases.retry(second, AttemptOutcome.RETRYABLE, true, Failures.SERVER_ERROR, Duration.ZERO));
        Lease third = queue.claim(node, 1).get(0);

        // then
        assertThat(List.of(first.token(), second.token(), third.token())).containsExactly(1L, 2L, 3L);
        assertThat(third.number()).isEqualTo(2);
        assertThat(third.counted()).isEqualTo(1);
    }
}
