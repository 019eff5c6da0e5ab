package dev.darkroom.generation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
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
    static final QueueFixture queue = new QueueFixture();

    private static final Failure FAILURE = Failure.of(FailureClass.SERVER_ERROR, "OOPS", "It failed.");

    private final ProgressWatch watch = new ProgressWatch();
    private final List<JsonObject> heard = new CopyOnWriteArrayList<>();

    private static long version(UUID id) {
        JsonObject generation = QueueFixture.await(queue.store.find(id, null)).orElseThrow();
        long version = GenerationEvents.version(generation);
        assertThat(QueueFixture.await(queue.store.furtherThan(Map.of(id, version))))
                .isEmpty();
        assertThat(QueueFixture.await(queue.store.furtherThan(Map.of(id, version - 1)))
                        .get(id)
                        .map(GenerationEvents::version))
                .contains(version);
        return version;
    }

    @Test
    void theDatabaseCountsAsTheProgramDoes() {
        // given
        UUID node = queue.node();
        UUID id = queue.submit();
        assertThat(version(id)).isEqualTo(1);

        // then
        Lease first = queue.claim(node, 1).get(0);
        assertThat(version(id)).isEqualTo(2);
        QueueFixture.await(queue.leases.retry(first, AttemptOutcome.RETRYABLE, true, FAILURE, Duration.ZERO));
        assertThat(version(id)).isEqualTo(3);
        Lease second = queue.claim(node, 1).get(0);
        assertThat(version(id)).isEqualTo(4);
        QueueFixture.await(queue.leases.complete(second, QueueFixture.pictures(1)));
        assertThat(version(id)).isEqualTo(7);

        UUID cancelled = queue.submit();
        QueueFixture.await(queue.leases.cancel(cancelled, null));
        assertThat(version(cancelled)).isEqualTo(3);
        UUID brokenOff = queue.submit();
        queue.claim(node, 1);
        QueueFixture.await(queue.leases.cancel(brokenOff, null));
        assertThat(version(brokenOff)).isEqualTo(5);
    }

    @Test
    void withoutAnyWordItIsFoundByLooking() {
        // given
        queue.vertx.deployVerticle(new ProgressVerticle(watch, queue.database, queue.hints));
        UUID id = queue.submit();
        ProgressWatch.Watcher watcher = watch.watch(id, heard::add);
        watcher.knows(1);

        // when
        queue.claim(queue.node(), 1);

        // then
        Awaitility.await().atMost(Duration.ofSeconds(60)).until(() -> !heard.isEmpty());
        assertThat(GenerationEvents.version(heard.get(0))).isEqualTo(2);
        watcher.close();
        assertThat(watch.known()).isEmpty();
    }

    @Test
    void whatIsNotThereAnyMoreIsTold() {
        // given
        UUID gone = UUID.randomUUID();

        // then
        assertThat(QueueFixture.await(queue.store.furtherThan(Map.of(gone, 1L))))
                .containsEntry(gone, Optional.empty());
    }

    @Test
    void whoKnowsLessIsToldMoreAndNobodyMissesAnything() {
        // given
        UUID id = UUID.randomUUID();
        ProgressWatch.Watcher early = watch.watch(id, heard::add);
        ProgressWatch.Watcher late = watch.watch(id, heard::add);
        assertThat(watch.known()).containsEntry(id, 0L);

        // when
        late.knows(5);
        early.knows(2);

        // then
        assertThat(watch.known()).containsEntry(id, 2L);
        early.close();
        assertThat(watch.watches(id)).isTrue();
        late.close();
        assertThat(watch.watches(id)).isFalse();
    }

    @Test
    void thereIsAnEndToHowManyWatch() {
        // when
        for (int i = 0; i < ProgressWatch.MOST; i++) {
            assertThat(watch.watch(UUID.randomUUID(), heard::add)).isNotNull();
        }

        // then
        assertThat(watch.watch(UUID.randomUUID(), heard::add)).isNull();
    }
}
