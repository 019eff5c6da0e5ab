package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.ATTEMPT;
import static dev.darkroom.generation.store.GenerationDatabaseFixture.BACKEND;
import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.route.BackendSelection;
import dev.darkroom.generation.route.RouteOffer;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Claims of due generations. */
@Tag("database")
class GenerationLeaseStoreClaimTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static List<UUID> ids(List<GenerationLease> leases) {
        return leases.stream().map(GenerationLease::generationId).toList();
    }

    private static void set(UUID generation, String assignment) {
        queue.execute("UPDATE generation_queue SET " + assignment + " WHERE generation_id = '" + generation + "'");
    }

    @Test
    void leaseHasTheDataForAnAttempt() {
        // given
        UUID id = queue.submit();
        UUID node = queue.insertNode();

        // when
        List<GenerationLease> leases = queue.claim(node, 1);

        // then
        assertThat(leases).singleElement().satisfies(generationLease -> {
            assertThat(generationLease.generationId()).isEqualTo(id);
            assertThat(generationLease.userId()).isEqualTo("local");
            assertThat(generationLease.nodeId()).isEqualTo(node);
            assertThat(generationLease.token()).isEqualTo(1);
            assertThat(generationLease.number()).isEqualTo(1);
            assertThat(generationLease.countedFailures()).isZero();
            assertThat(generationLease.lostAttempts()).isZero();
            assertThat(generationLease.attemptBudget()).isBetween(ATTEMPT.minusSeconds(10), ATTEMPT);
            assertThat(generationLease.timeLeft()).isBetween(Duration.ofMinutes(14), Duration.ofMinutes(15));
            assertThat(generationLease.imageRequest())
                    .isEqualTo(new ImageRequest(
                            id.toString(), "a lighthouse", null, 64, 64, 1, 7, null, null, InputImages.NONE, 0));
        });
        assertThat(queue.queryValue(
                        "SELECT lease_owner || ' ' || lease_token || ' ' || attempt_backend FROM generation_queue"))
                .isEqualTo(node + " 1 " + BACKEND);
        assertThat(queue.queryValue("SELECT attempt_deadline - attempt_started_at FROM generation_queue"))
                .isEqualTo("00:02:00");
    }

    @Test
    void requestHasThePriorityOfTheGeneration() {
        queue.submit("local", 5);
        assertThat(queue.claim(queue.insertNode(), 1).get(0).imageRequest().priority())
                .isEqualTo(5);
    }

    @Test
    void attemptDeadlineIsAtMostThatOfTheGeneration() {
        // given
        queue.submit(Duration.ofSeconds(30));

        // when
        GenerationLease generationLease = queue.claim(queue.insertNode(), 1).get(0);

        // then
        assertThat(generationLease.attemptBudget()).isBetween(Duration.ofSeconds(20), Duration.ofSeconds(30));
        assertThat(queue.queryValue("SELECT attempt_deadline = deadline FROM generation_queue"))
                .isEqualTo("true");
    }

    @Test
    void claimsAtMostTheLimit() {
        // given
        for (int i = 0; i < 5; i++) {
            queue.submit();
        }
        UUID node = queue.insertNode();

        // when
        List<GenerationLease> leases = queue.claim(node, 3);

        // then
        assertThat(leases).hasSize(3);
        assertThat(queue.queryValue("SELECT count(*) FROM generation_queue WHERE lease_owner IS NOT NULL"))
                .isEqualTo("3");
        assertThat(queue.claim(node, 3)).hasSize(2);
        assertThat(queue.claim(node, 3)).isEmpty();
    }

    @Test
    void concurrentClaimsAreDisjoint() {
        // given
        for (int i = 0; i < 60; i++) {
            queue.submit();
        }
        UUID one = queue.insertNode();
        UUID other = queue.insertNode();

        // when
        List<Future<List<GenerationLease>>> claims = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            claims.add(GenerationDatabaseFixture.claim(queue.leaseStore, i % 2 == 0 ? one : other, 5, ATTEMPT));
        }
        await(Future.all(claims));
        List<UUID> claimed = new ArrayList<>();
        claims.forEach(claim -> claimed.addAll(ids(claim.result())));

        // then
        assertThat(claimed).doesNotHaveDuplicates();
        assertThat(claimed.size() + queue.claim(one, 100).size()).isEqualTo(60);
    }

    @Test
    void skipsLockedRows() {
        // given
        UUID locked = queue.submit();
        UUID free = queue.submit();
        UUID node = queue.insertNode();

        // when
        List<GenerationLease> leases = await(queue.database.inTransaction(scope -> scope.connection()
                .query("SELECT 1 FROM generation_queue WHERE generation_id = '" + locked + "' FOR UPDATE")
                .execute()
                .compose(rows -> GenerationDatabaseFixture.claim(queue.leaseStore, node, 10, ATTEMPT))));

        // then
        assertThat(ids(leases)).containsExactly(free);
    }

    @Test
    void skipsRowsThatAreNotDue() {
        // given
        set(queue.submit(), "run_at = now() + interval '1 min'");

        // then
        assertThat(queue.claim(queue.insertNode(), 10)).isEmpty();
    }

    @Test
    void skipsRowsPastTheirDeadline() {
        // given
        set(queue.submit(), "deadline = now() - interval '1 ms'");

        // then
        assertThat(queue.claim(queue.insertNode(), 10)).isEmpty();
    }

    @Test
    void claimsOnlyItsRoute() {
        // given
        queue.submit();
        RouteOffer offer = new RouteOffer(
                List.of(new RouteOffer.Slot("other", BACKEND, null, BackendSelection.ONLY)),
                List.of(new RouteOffer.BackendState(BACKEND, 10, ATTEMPT, true, false)));

        // then
        assertThat(await(queue.leaseStore.claim(queue.insertNode(), 10, offer)).leases())
                .isEmpty();
    }

    @Test
    void expiredAndDrainingNodesClaimNothing() {
        // given
        queue.submit();
        UUID dead = queue.insertNode();
        queue.expireNode(dead);
        UUID draining = queue.insertNode();
        queue.execute("UPDATE nodes SET draining = true WHERE id = '" + draining + "'");
        List<String> before = queue.readAllRows();

        // then
        assertThat(queue.claim(dead, 10)).isEmpty();
        assertThat(queue.claim(draining, 10)).isEmpty();
        assertThat(queue.claim(UUID.randomUUID(), 10)).isEmpty();
        assertThat(queue.readAllRows()).isEqualTo(before);
    }

    @Test
    void tokenIncreasesWithEveryClaim() {
        // given
        queue.submit();
        UUID node = queue.insertNode();
        GenerationLease first = queue.claim(node, 1).get(0);

        // when
        await(queue.leaseStore.release(first, false, Duration.ZERO));
        GenerationLease second = queue.claim(node, 1).get(0);
        await(queue.outcomeStore.retry(
                second,
                AttemptOutcome.RETRYABLE,
                true,
                TestFailures.SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));
        GenerationLease third = queue.claim(node, 1).get(0);

        // then
        assertThat(List.of(first.token(), second.token(), third.token())).containsExactly(1L, 2L, 3L);
        assertThat(third.number()).isEqualTo(2);
        assertThat(third.countedFailures()).isEqualTo(1);
    }
}
