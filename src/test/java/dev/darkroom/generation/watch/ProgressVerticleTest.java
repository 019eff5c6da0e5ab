package dev.darkroom.generation.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.Generation;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.TestGenerations;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Notification of progress subscribers, and versions computed by the database and in Java. */
@Tag("database")
@Timeout(240)
class ProgressVerticleTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static final BackendFailure FAILURE = BackendFailure.of(FailureClass.SERVER_ERROR, "OOPS", "It failed.");

    private final ProgressSubscribers subscribers = new ProgressSubscribers();
    private final List<Generation> received = new CopyOnWriteArrayList<>();

    private static long version(UUID id) {
        Generation generation = GenerationDatabaseFixture.await(queue.generationStore.find(id, null))
                .orElseThrow();
        long version = generation.version();
        assertThat(GenerationDatabaseFixture.await(queue.generationStore.findNewerThan(Map.of(id, version))))
                .isEmpty();
        assertThat(GenerationDatabaseFixture.await(queue.generationStore.findNewerThan(Map.of(id, version - 1)))
                        .get(id)
                        .map(Generation::version))
                .contains(version);
        return version;
    }

    @Test
    void databaseComputesTheSameVersionsAsJava() {
        // given
        UUID node = queue.insertNode();
        UUID id = queue.submit();
        assertThat(version(id)).isEqualTo(1);

        // then
        GenerationLease first = queue.claim(node, 1).get(0);
        assertThat(version(id)).isEqualTo(2);
        GenerationDatabaseFixture.await(queue.outcomeStore.retry(
                first, AttemptOutcome.RETRYABLE, true, FAILURE, Duration.ZERO, null, TestGenerations.SUBMITTED));
        assertThat(version(id)).isEqualTo(3);
        GenerationLease second = queue.claim(node, 1).get(0);
        assertThat(version(id)).isEqualTo(4);
        GenerationDatabaseFixture.await(queue.outcomeStore.complete(
                second, GenerationDatabaseFixture.storedImages(1), TestGenerations.SUBMITTED));
        assertThat(version(id)).isEqualTo(7);

        UUID cancelled = queue.submit();
        GenerationDatabaseFixture.await(queue.outcomeStore.cancel(cancelled, null));
        assertThat(version(cancelled)).isEqualTo(3);
        UUID aborted = queue.submit();
        queue.claim(node, 1);
        GenerationDatabaseFixture.await(queue.outcomeStore.cancel(aborted, null));
        assertThat(version(aborted)).isEqualTo(5);
    }

    @Test
    void pollFindsChangesWithoutSignals() {
        // given
        queue.vertx.deployVerticle(new ProgressVerticle(subscribers, queue.database, queue.notifyChannel));
        UUID id = queue.submit();
        ProgressSubscribers.Subscriber subscriber = subscribers.subscribe(id, received::add);
        subscriber.setKnownVersion(1);

        // when
        queue.claim(queue.insertNode(), 1);

        // then
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !received.isEmpty());
        assertThat(received.get(0).version()).isEqualTo(2);
        subscriber.close();
        assertThat(subscribers.knownVersions()).isEmpty();
    }

    @Test
    void reportsUnknownGenerationAsMissing() {
        // given
        UUID unknown = UUID.randomUUID();

        // then
        assertThat(GenerationDatabaseFixture.await(queue.generationStore.findNewerThan(Map.of(unknown, 1L))))
                .containsEntry(unknown, Optional.empty());
    }

    @Test
    void lowestKnownVersionOfAllSubscribersDecides() {
        // given
        UUID id = UUID.randomUUID();
        ProgressSubscribers.Subscriber early = subscribers.subscribe(id, received::add);
        ProgressSubscribers.Subscriber late = subscribers.subscribe(id, received::add);
        assertThat(subscribers.knownVersions()).containsEntry(id, 0L);

        // when
        late.setKnownVersion(5);
        early.setKnownVersion(2);

        // then
        assertThat(subscribers.knownVersions()).containsEntry(id, 2L);
        early.close();
        assertThat(subscribers.hasSubscribers(id)).isTrue();
        late.close();
        assertThat(subscribers.hasSubscribers(id)).isFalse();
    }

    @Test
    void limitsSubscribers() {
        // when
        for (int i = 0; i < ProgressSubscribers.MAX_SUBSCRIBERS; i++) {
            assertThat(subscribers.subscribe(UUID.randomUUID(), received::add)).isNotNull();
        }

        // then
        assertThat(subscribers.subscribe(UUID.randomUUID(), received::add)).isNull();
    }
}
