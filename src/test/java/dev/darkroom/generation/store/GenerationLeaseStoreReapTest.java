package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.FinishedGeneration;
import dev.darkroom.generation.GenerationError;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.GenerationStatus;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.store.GenerationLeaseStore.AbandonedLease;
import dev.darkroom.generation.worker.RetryPolicy;
import dev.darkroom.queue.FencingToken;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Queries and transitions of reapers. */
@Tag("database")
class GenerationLeaseStoreReapTest {
    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final GenerationError DEADLINE_EXCEEDED = RetryPolicy.deadlineExceeded(FailureClass.NOT_SENT);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static void set(UUID generation, String assignment) {
        queue.execute("UPDATE generation_queue SET " + assignment + " WHERE generation_id = '" + generation + "'");
    }

    private static List<AbandonedLease> abandoned() {
        return await(queue.leaseStore.findAbandoned(GRACE, 10));
    }

    @Test
    void leasesOfLiveNodesAreNotAbandoned() {
        // given
        queue.submitAndClaim();
        queue.submit();

        // then
        assertThat(abandoned()).isEmpty();
    }

    @Test
    void leasesOfDrainingNodesAreNotAbandoned() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        queue.execute("UPDATE nodes SET draining = true WHERE id = '" + generationLease.nodeId() + "'");

        // then
        assertThat(abandoned()).isEmpty();
    }

    @Test
    void findsLeasesOfDeadNodes() {
        // given one expired node and one deleted node
        GenerationLease ofExpiredNode = queue.submitAndClaim();
        GenerationLease ofDeletedNode = queue.submitAndClaim();
        queue.submitAndClaim();
        queue.expireNode(ofExpiredNode.nodeId());
        queue.execute("DELETE FROM nodes WHERE id = '" + ofDeletedNode.nodeId() + "'");

        // when
        List<AbandonedLease> found = abandoned();

        // then
        assertThat(found).allSatisfy(each -> assertThat(each.ownerAlive()).isFalse());
        assertThat(found)
                .extracting(each -> each.generationLease().generationId())
                .containsExactlyInAnyOrder(ofExpiredNode.generationId(), ofDeletedNode.generationId());
        assertThat(found)
                .extracting(
                        each -> each.generationLease().nodeId(),
                        each -> each.generationLease().token())
                .containsExactlyInAnyOrder(tuple(ofExpiredNode.nodeId(), 1L), tuple(ofDeletedNode.nodeId(), 1L));
    }

    @Test
    void findsAttemptsPastTheirDeadlineAndGrace() {
        // given
        GenerationLease within = queue.submitAndClaim();
        GenerationLease overran = queue.submitAndClaim();
        set(within.generationId(), "attempt_deadline = now() - interval '4 s'");
        set(overran.generationId(), "attempt_deadline = now() - interval '6 s'");

        // when
        List<AbandonedLease> found = abandoned();

        // then
        assertThat(found).singleElement().satisfies(each -> {
            assertThat(each.generationLease().generationId()).isEqualTo(overran.generationId());
            assertThat(each.ownerAlive()).isTrue();
        });
    }

    @Test
    void abandonedLeaseHasTheDataForARetryDecision() {
        // given
        queue.submit();
        UUID node = queue.insertNode();
        await(queue.outcomeStore.retry(
                queue.claim(node, 1).get(0),
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));
        await(queue.outcomeStore.retry(
                queue.claim(node, 1).get(0),
                AttemptOutcome.LOST,
                false,
                TestFailures.SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));
        queue.claim(node, 1);
        queue.expireNode(node);

        // when
        GenerationLease generationLease = abandoned().get(0).generationLease();

        // then
        assertThat(generationLease.userId()).isEqualTo("local");
        assertThat(generationLease.number()).isEqualTo(3);
        assertThat(generationLease.countedFailures()).isEqualTo(1);
        assertThat(generationLease.lostAttempts()).isEqualTo(1);
        assertThat(generationLease.timeLeft()).isBetween(Duration.ofMinutes(14), Duration.ofMinutes(15));
        assertThat(generationLease.imageRequest()).isNull();
    }

    @Test
    void limitsAbandonedLeases() {
        // given
        for (int i = 0; i < 3; i++) {
            queue.submit();
        }
        UUID node = queue.insertNode();
        queue.claim(node, 3);
        queue.expireNode(node);

        // then
        assertThat(await(queue.leaseStore.findAbandoned(GRACE, 2))).hasSize(2);
    }

    @Test
    void findsWaitingGenerationsPastTheirDeadline() {
        // given
        GenerationLease running = queue.submitAndClaim();
        UUID overdue = queue.submit();
        set(overdue, "deadline = now() - interval '1 s'");
        set(running.generationId(), "deadline = now() - interval '2 s'");
        queue.submit();

        // then the running attempt is not overdue
        assertThat(await(queue.leaseStore.findOverdue(10))).containsExactly(overdue);
        assertThat(await(queue.leaseStore.findOverdue(0))).isEmpty();
    }

    @Test
    void expiresOverdueGeneration() {
        // given
        UUID id = queue.submit();
        set(id, "deadline = now()");

        // when
        Optional<GenerationOutcomeStore.FinishRecord> finished =
                await(queue.outcomeStore.expire(id, DEADLINE_EXCEEDED));

        // then
        assertThat(finished.orElseThrow().generation())
                .isEqualTo(new FinishedGeneration(
                        id,
                        "local",
                        GenerationStatus.FAILED,
                        "DEADLINE_EXCEEDED",
                        DEADLINE_EXCEEDED.message(),
                        0,
                        0,
                        finished.get().generation().totalTime(),
                        null));
        assertThat(queue.queryValue("""
                SELECT concat_ws(' ', status, failed_attempts, error_code, error_class, error_retryable)
                FROM generations""")).isEqualTo("FAILED 0 DEADLINE_EXCEEDED NOT_SENT t");
        assertThat(queue.query("SELECT 1 FROM generation_attempts")).isEmpty();
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void expiredGenerationHasTheClassOfItsLastFailure() {
        // given
        GenerationLease first = queue.submitAndClaim();
        await(queue.outcomeStore.retry(
                first,
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));
        GenerationLease second = queue.claim(first.nodeId(), 1).get(0);
        await(queue.outcomeStore.retry(
                second,
                AttemptOutcome.TIMEOUT,
                true,
                TestFailures.TIMED_OUT,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));
        set(first.generationId(), "deadline = now()");

        // when
        await(queue.outcomeStore.expire(first.generationId(), DEADLINE_EXCEEDED));

        // then
        assertThat(queue.queryValue("SELECT error_class FROM generations")).isEqualTo("AMBIGUOUS");
    }

    @Test
    void runningAndEarlyGenerationsDoNotExpire() {
        // given
        GenerationLease running = queue.submitAndClaim();
        UUID early = queue.submit();
        set(running.generationId(), "deadline = now()");
        List<String> before = queue.readAllRows();

        // then
        assertThat(await(queue.outcomeStore.expire(early, DEADLINE_EXCEEDED))).isEmpty();
        assertThat(await(queue.outcomeStore.expire(running.generationId(), DEADLINE_EXCEEDED)))
                .isEmpty();
        assertThat(await(queue.outcomeStore.expire(UUID.randomUUID(), DEADLINE_EXCEEDED)))
                .isEmpty();
        assertThat(queue.readAllRows()).isEqualTo(before);
    }

    @Test
    void endedGenerationDoesNotExpire() {
        // given
        GenerationLease generationLease = queue.submitAndClaim();
        await(queue.outcomeStore.complete(
                generationLease, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED));
        List<String> before = queue.readAllRows();

        // then
        assertThat(await(queue.outcomeStore.expire(generationLease.generationId(), DEADLINE_EXCEEDED)))
                .isEmpty();
        assertThat(queue.readAllRows()).isEqualTo(before);
    }

    @Test
    void findsHeldLeasesByAge() {
        // given
        GenerationLease old = queue.submitAndClaim();
        set(old.generationId(), "attempt_started_at = now() - interval '20 s'");
        queue.submit();
        queue.claim(old.nodeId(), 1);
        queue.submitAndClaim();

        // when
        List<FencingToken> held = await(queue.leaseStore.findHeld(old.nodeId(), Duration.ofSeconds(15)));

        // then
        assertThat(held).containsExactly(old.fencingToken());
    }
}
