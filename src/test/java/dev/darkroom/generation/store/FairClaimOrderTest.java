package dev.darkroom.generation.store;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static java.util.Collections.nCopies;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.TestGenerations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Order of claims: users take turns, and the generations of one user are ordered by priority and then by age. */
@Tag("database")
class FairClaimOrderTest {
    private static final BackendFailure SERVER_ERROR =
            BackendFailure.of(FailureClass.SERVER_ERROR, "SERVER_ERROR", "It failed.");

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static List<UUID> ids(List<GenerationLease> leases) {
        return leases.stream().map(GenerationLease::generationId).toList();
    }

    private static List<String> users(List<GenerationLease> leases) {
        return leases.stream().map(GenerationLease::userId).toList();
    }

    @Test
    void backlogOfOneUserDoesNotDelayAnother() {
        // given
        queue.submitAll(nCopies(5_000, "heavy"));
        UUID node = queue.insertNode();
        queue.claim(node, 100);

        // when
        UUID light = queue.submit("light", 0);

        // then
        assertThat(ids(queue.claim(node, 4))).contains(light);
        assertThat(await(queue.submissionStore.countAhead("heavy", GenerationDatabaseFixture.ROUTE, 10_000)))
                .isEqualTo(4_897);
        assertThat(await(queue.submissionStore.countAhead("light", GenerationDatabaseFixture.ROUTE, 10_000)))
                .isLessThan(3);
    }

    @Test
    void newUserWaitsBehindUsersWithOneGenerationEach() {
        // given
        List<String> users = new ArrayList<>();
        for (int i = 0; i < 300; i++) {
            users.add("user " + i);
        }
        queue.submitAll(users);
        UUID node = queue.insertNode();
        queue.claim(node, 10);

        // then
        assertThat(await(queue.submissionStore.countAhead("newcomer", GenerationDatabaseFixture.ROUTE, 10_000)))
                .isEqualTo(290);
        assertThat(await(queue.submissionStore.countAhead("newcomer", GenerationDatabaseFixture.ROUTE, 100)))
                .isEqualTo(100);

        // and the claims confirm it
        UUID newcomer = queue.submit("newcomer", 0);
        assertThat(ids(queue.claim(node, 290))).doesNotContain(newcomer);
        assertThat(ids(queue.claim(node, 1))).containsExactly(newcomer);
        assertThat(await(queue.submissionStore.countAhead("newcomer", GenerationDatabaseFixture.ROUTE, 100)))
                .isZero();
    }

    @Test
    void usersTakeTurns() {
        // given
        queue.submitAll(Stream.of(nCopies(30, "a"), nCopies(10, "b"), nCopies(20, "c"))
                .flatMap(List::stream)
                .toList());
        UUID node = queue.insertNode();

        // then
        for (int round = 0; round < 10; round++) {
            assertThat(users(queue.claim(node, 3))).containsExactlyInAnyOrder("a", "b", "c");
        }
        for (int round = 0; round < 10; round++) {
            assertThat(users(queue.claim(node, 2))).containsExactlyInAnyOrder("a", "c");
        }
        assertThat(users(queue.claim(node, 100))).isEqualTo(nCopies(10, "a"));
    }

    @Test
    void newUserDoesNotCatchUp() {
        // given a user with 50 turns served
        queue.submitAll(nCopies(100, "early"));
        UUID node = queue.insertNode();
        queue.claim(node, 50);

        // when
        queue.submitAll(nCopies(100, "late"));

        // then
        List<String> next = users(queue.claim(node, 20));
        assertThat(next.stream().filter("late"::equals).count()).isBetween(9L, 11L);
    }

    @Test
    void priorityOrdersOnlyTheGenerationsOfItsUser() {
        // given
        UUID normal1 = queue.submit("a", 0);
        UUID other1 = queue.submit("b", 5);
        UUID normal2 = queue.submit("a", 0);
        UUID urgent = queue.submit("a", -10);
        UUID other2 = queue.submit("b", 5);
        UUID node = queue.insertNode();

        // when
        List<UUID> order = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            order.addAll(ids(queue.claim(node, 1)));
        }

        // then
        assertThat(order).containsExactly(urgent, other1, normal1, other2, normal2);
    }

    @Test
    void overtakenGenerationsKeepTheirOrder() {
        // given
        List<UUID> normal = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            normal.add(queue.submit("a", 0));
        }
        UUID node = queue.insertNode();

        // when
        List<UUID> order = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            UUID urgent = queue.submit("a", -1);
            assertThat(ids(queue.claim(node, 1))).containsExactly(urgent);
            order.addAll(ids(queue.claim(node, 1)));
        }
        for (int i = 3; i < 6; i++) {
            order.addAll(ids(queue.claim(node, 1)));
        }

        // then
        assertThat(order).isEqualTo(normal);
    }

    @Test
    void queuePositionPredictsTheClaimOrder() {
        // given generations of several users in random order, some of them claimed already
        Random random = new Random(42);
        Map<UUID, String> owners = new HashMap<>();
        UUID node = queue.insertNode();
        for (int i = 0; i < 60; i++) {
            String user = "user " + random.nextInt(4);
            owners.put(queue.submit(user, random.nextInt(-2, 3)), user);
            if (random.nextInt(4) == 0) {
                ids(queue.claim(node, 1)).forEach(owners::remove);
            }
        }

        // when
        Map<UUID, Long> predicted = new HashMap<>();
        QueueSnapshot snapshot = await(queue.generationStore.readQueue(GenerationDatabaseFixture.ROUTE));
        owners.keySet().forEach(id -> predicted.put(id, ahead(snapshot, id)));

        // then
        List<UUID> claimed = new ArrayList<>();
        while (claimed.size() < owners.size()) {
            claimed.addAll(ids(queue.claim(node, 1)));
        }
        Map<UUID, Long> actual = new HashMap<>();
        claimed.forEach(id -> actual.put(id, (long) actual.size()));
        // The order within a turn of several users may change when a user swaps turns between own generations.
        actual.forEach((id, position) -> assertThat(predicted.get(id)).isBetween(position - 3, position + 3));
        assertThat(predicted.keySet()).isEqualTo(actual.keySet());
    }

    @Test
    void retryWaitsBehindGenerationsOfItsUserOnly() {
        // given
        UUID node = queue.insertNode();
        UUID failing = queue.submit("a", 0);
        GenerationLease generationLease = queue.claim(node, 1).get(0);
        List<UUID> own = queue.submitAll(nCopies(2, "a"));
        queue.submitAll(nCopies(20, "b"));

        // when
        await(queue.outcomeStore.retry(
                generationLease,
                AttemptOutcome.RETRYABLE,
                true,
                SERVER_ERROR,
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));

        // then three turns of each user
        List<UUID> next = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            next.addAll(ids(queue.claim(node, 1)));
        }
        assertThat(next).contains(failing).containsSubsequence(own.get(0), own.get(1), failing);
    }

    @Test
    void concurrentClaimsTakeEveryGenerationOnce() {
        // given
        Random random = new Random(7);
        for (int i = 0; i < 200; i++) {
            queue.submit("user " + random.nextInt(5), random.nextInt(-2, 3));
        }
        UUID first = queue.insertNode();
        UUID second = queue.insertNode();

        // when
        List<UUID> claimed = new ArrayList<>();
        List<GenerationLease> batch;
        do {
            var one = GenerationDatabaseFixture.claim(queue.leaseStore, first, 7, Duration.ofMinutes(1));
            var two = GenerationDatabaseFixture.claim(queue.leaseStore, second, 7, Duration.ofMinutes(1));
            batch = Stream.concat(await(one).stream(), await(two).stream()).toList();
            claimed.addAll(ids(batch));
        } while (!batch.isEmpty());

        // then
        assertThat(claimed).hasSize(200).doesNotHaveDuplicates();
    }

    private static long ahead(QueueSnapshot snapshot, UUID id) {
        StoredGeneration stored =
                await(queue.generationStore.find(List.of(id))).get(0).orElseThrow();
        return snapshot.countAhead(id, stored.queueEntry().turn());
    }
}
