package dev.darkroom.generation.watch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.generation.AttemptOutcome;
import dev.darkroom.generation.GenerationEventHistory;
import dev.darkroom.generation.GenerationLease;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import io.vertx.core.json.JsonObject;
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

/** Whoever watches is told, and the database counts versions as the program does. */
@Tag("database")
@Timeout(60)
class ProgressVerticleTest {
    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private static final BackendFailure FAILURE = BackendFailure.of(FailureClass.SERVER_ERROR, "OOPS", "It failed.");

    private final ProgressSubscribers watch = new ProgressSubscribers();
    private final List<JsonObject> heard = new CopyOnWriteArrayList<>();

    private static long version(UUID id) {
        JsonObject generation = GenerationDatabaseFixture.await(queue.generationStore.find(id, null))
                .orElseThrow();
        long version = GenerationEventHistory.version(generation);
        assertThat(GenerationDatabaseFixture.await(queue.generationStore.findNewerThan(Map.of(id, version))))
                .isEmpty();
        assertThat(GenerationDatabaseFixture.await(queue.generationStore.findNewerThan(Map.of(id, version - 1)))
                        .get(id)
                        .map(GenerationEventHistory::version))
                .contains(version);
        return version;
    }

    @Test
    void theDatabaseCountsAsTheProgramDoes() {
        // given
        UUID node = queue.insertNode();
        UUID id = queue.submit();
        assertThat(version(id)).isEqualTo(1);

        // then
        GenerationLease first = queue.claim(node, 1).get(0);
        assertThat(version(id)).isEqualTo(2);
        GenerationDatabaseFixture.await(
                queue.leaseStore.retry(first, AttemptOutcome.RETRYABLE, true, FAILURE, Duration.ZERO));
        assertThat(version(id)).isEqualTo(3);
        GenerationLease second = queue.claim(node, 1).get(0);
        assertThat(version(id)).isEqualTo(4);
        GenerationDatabaseFixture.await(queue.leaseStore.complete(second, GenerationDatabaseFixture.storedImages(1)));
        assertThat(version(id)).isEqualTo(7);

        UUID cancelled = queue.submit();
        GenerationDatabaseFixture.await(queue.leaseStore.cancel(cancelled, null));
        assertThat(version(cancelled)).isEqualTo(3);
        UUID brokenOff = queue.submit();
        queue.claim(node, 1);
        GenerationDatabaseFixture.await(queue.leaseStore.cancel(brokenOff, null));
        assertThat(version(brokenOff)).isEqualTo(5);
    }

    @Test
    void withoutAnyWordItIsFoundByLooking() {
        // given
        queue.vertx.deployVerticle(new ProgressVerticle(watch, queue.database, queue.notifyChannel));
        UUID id = queue.submit();
        ProgressSubscribers.Subscriber subscriber = watch.subscribe(id, heard::add);
        subscriber.setKnownVersion(1);

        // when
        queue.claim(queue.insertNode(), 1);

        // then
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !heard.isEmpty());
        assertThat(GenerationEventHistory.version(heard.get(0))).isEqualTo(2);
        subscriber.close();
        assertThat(watch.knownVersions()).isEmpty();
    }

    @Test
    void whatIsNotThereAnyMoreIsTold() {
        // given
        UUID gone = UUID.randomUUID();

        // then
        assertThat(GenerationDatabaseFixture.await(queue.generationStore.findNewerThan(Map.of(gone, 1L))))
                .containsEntry(gone, Optional.empty());
    }

    @Test
    void whoKnowsLessIsToldMoreAndNobodyMissesAnything() {
        // given
        UUID id = UUID.randomUUID();
        ProgressSubscribers.Subscriber early = watch.subscribe(id, heard::add);
        ProgressSubscribers.Subscriber late = watch.subscribe(id, heard::add);
        assertThat(watch.knownVersions()).containsEntry(id, 0L);

        // when
        late.setKnownVersion(5);
        early.setKnownVersion(2);

        // then
        assertThat(watch.knownVersions()).containsEntry(id, 2L);
        early.close();
        assertThat(watch.hasSubscribers(id)).isTrue();
        late.close();
        assertThat(watch.hasSubscribers(id)).isFalse();
    }

    @Test
    void thereIsAnEndToHowManyWatch() {
        // when
        for (int i = 0; i < ProgressSubscribers.MAX_SUBSCRIBERS; i++) {
            assertThat(watch.subscribe(UUID.randomUUID(), heard::add)).isNotNull();
        }

        // then
        assertThat(watch.subscribe(UUID.randomUUID(), heard::add)).isNull();
    }
}
