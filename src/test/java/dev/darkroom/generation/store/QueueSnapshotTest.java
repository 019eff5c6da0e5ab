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
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Queue positions by a snapshot of the first waiting generations. {@link FairClaimOrderTest} compares them with the claims. */
@Tag("database")
class QueueSnapshotTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static QueueSnapshot snapshot() {
        return await(queue.generationStore.readQueue(GenerationDatabaseFixture.ROUTE));
    }

    private static StoredGeneration find(UUID id) {
        return await(queue.generationStore.find(List.of(id))).get(0).orElseThrow();
    }

    private static int ahead(QueueSnapshot snapshot, UUID id) {
        return snapshot.countAhead(id, find(id).queueEntry().turn());
    }

    @Test
    void countsGenerationsAheadInOrderOfArrival() {
        // given
        List<UUID> ids = queue.submitAll(nCopies(5, "a"));

        // when
        QueueSnapshot snapshot = snapshot();

        // then
        assertThat(ids).extracting(id -> ahead(snapshot, id)).containsExactly(0, 1, 2, 3, 4);
    }

    @Test
    void priorityMovesGenerationAheadOfOthersOfItsUserOnly() {
        // given
        UUID normal = queue.submit("a", 0);
        UUID other = queue.submit("b", 0);
        UUID urgent = queue.submit("a", -1);

        // when
        QueueSnapshot snapshot = snapshot();

        // then
        assertThat(List.of(urgent, other, normal))
                .extracting(id -> ahead(snapshot, id))
                .containsExactly(0, 1, 2);
    }

    @Test
    @DisplayName("a generation that is newer than the snapshot gets the place of its turn")
    void placesNewerGenerationByItsTurn() {
        // given three turns of a user
        queue.submitAll(nCopies(3, "heavy"));
        QueueSnapshot snapshot = snapshot();

        // when
        UUID light = queue.submit("light", 0);
        UUID heavy = queue.submit("heavy", 0);

        // then the new user shares the first turn, and the other one is last
        assertThat(ahead(snapshot, light)).isEqualTo(1);
        assertThat(ahead(snapshot, heavy)).isEqualTo(3);
        assertThat(ahead(snapshot(), light)).isEqualTo(1);
    }

    @Test
    void placesGenerationThatWaitsAgainByItsTurn() {
        // given a running generation, which is not in the snapshot
        GenerationLease running = queue.submitAndClaim();
        queue.submitAll(nCopies(3, "other"));
        QueueSnapshot snapshot = snapshot();
        assertThat(find(running.generationId()).queueEntry()).isNull();

        // when
        await(queue.outcomeStore.retry(
                running,
                AttemptOutcome.RETRYABLE,
                true,
                BackendFailure.of(FailureClass.SERVER_ERROR, "SERVER_ERROR", "It failed."),
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));

        // then its turn is the one after the turn that is served
        assertThat(ahead(snapshot, running.generationId())).isEqualTo(ahead(snapshot(), running.generationId()));
    }

    @Test
    void capsPositionsBeyondTheSnapshot() {
        // given more generations of a user than a snapshot contains, the last one the most urgent
        queue.execute(
                "INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed)"
                        + " SELECT gen_random_uuid(), 'a', 'x', 64, 64, 1, 7 FROM generate_series(1, 1020)",
                "INSERT INTO generation_queue (generation_id, user_id, route, deadline, turn)"
                        + " SELECT id, 'a', 'default', now() + interval '1 hour', row_number() OVER () FROM generations");
        List<UUID> ids =
                queue
                        .query("SELECT generation_id FROM generation_queue ORDER BY priority, run_at, arrival_seq")
                        .stream()
                        .map(UUID::fromString)
                        .toList();
        UUID urgent = queue.submit("a", -1);

        // when
        QueueSnapshot snapshot = snapshot();
        UUID newer = queue.submit("a", 0);

        // then
        assertThat(ahead(snapshot, urgent)).isZero();
        assertThat(ahead(snapshot, ids.get(QueueSnapshot.MAX_AHEAD - 2))).isEqualTo(QueueSnapshot.MAX_AHEAD - 1);
        assertThat(List.of(
                        // has the last turn of the snapshot, which the urgent one displaces
                        ids.get(QueueSnapshot.MAX_AHEAD - 1), ids.get(QueueSnapshot.MAX_AHEAD), newer))
                .extracting(id -> ahead(snapshot, id))
                .containsOnly(QueueSnapshot.MAX_AHEAD);
    }

    @Test
    void readsEmptyQueue() {
        // given
        QueueSnapshot snapshot = snapshot();

        // when
        UUID first = queue.submit("a", 0);

        // then
        assertThat(ahead(snapshot, first)).isZero();
    }

    @Test
    @DisplayName("attempts and images are read where the row counts some, and one statement finds many generations")
    void findsManyGenerationsInOneStatement() {
        // given
        UUID node = queue.insertNode();
        UUID complete = queue.submit("a", 0);
        await(queue.outcomeStore.complete(
                queue.claim(node, 1).get(0), GenerationDatabaseFixture.storedImages(2), TestGenerations.SUBMITTED));
        UUID failed = queue.submit("b", 0);
        await(queue.outcomeStore.retry(
                queue.claim(node, 1).get(0),
                AttemptOutcome.RETRYABLE,
                true,
                BackendFailure.of(FailureClass.SERVER_ERROR, "SERVER_ERROR", "It failed."),
                Duration.ZERO,
                null,
                TestGenerations.SUBMITTED));
        UUID running = queue.submit("c", 0);
        queue.claim(node, 2);
        UUID waiting = queue.submit("a", 3);
        UUID unknown = UUID.randomUUID();

        // when
        var found = await(queue.generationStore.find(List.of(waiting, unknown, complete, failed, running, waiting)));

        // then
        assertThat(found)
                .extracting(each -> each.map(stored -> stored.generation().id()).orElse(null))
                .containsExactly(waiting, null, complete, failed, running, waiting);
        assertThat(found.get(0).orElseThrow().queueEntry()).isNotNull();
        assertThat(found.get(0).orElseThrow().generation().request().priority()).isEqualTo(3);
        assertThat(found.get(2).orElseThrow().generation().images()).hasSize(2);
        assertThat(found.get(2).orElseThrow().generation().attempts()).hasSize(1);
        assertThat(found.get(3).orElseThrow().generation().attempts()).hasSize(2);
        assertThat(found.get(4).orElseThrow().generation().attempts()).hasSize(1);
        assertThat(found.get(4).orElseThrow().queueEntry()).isNull();
    }
}
