package dev.darkroom.generation;

import static dev.darkroom.generation.QueueFixture.await;
import static dev.darkroom.generation.WorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.Outcome;
import dev.darkroom.image.ImageStore;
import dev.darkroom.image.ImageStoreHealth;
import dev.darkroom.image.Picture;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.streams.ReadStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An image store that fails after the AI server has made the images. */
@Tag("database")
class ImageStoreFailureTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @RegisterExtension
    static final QueueFixture queue = new QueueFixture();

    private final WorkerFixture process = new WorkerFixture(queue);
    private final ImageStoreHealth health = new ImageStoreHealth();
    private final FakeBackend backend = FakeBackend.well();
    private final BrokenStore store = new BrokenStore();

    private String deploy(FakeBackend to, Duration grace) {
        return process.deploy(to, process.settings(grace), store, health);
    }

    @Test
    void repeatsTheWriteAndNotTheCall() {
        // given
        UUID id = queue.submit();
        deploy(backend, LONG);
        awaitTrue("three failed writes", () -> store.failedWrites.get() >= 3);

        // then nothing is charged, nothing else is claimed, and the sweep leaves the attempt alone
        assertThat(health.failing()).isTrue();
        assertThat(process.attempts()).isNull();
        assertThat(queue.value("SELECT attempt_deadline = deadline FROM generation_queue"))
                .isEqualTo("true");
        UUID second = queue.submit();
        process.wake();
        awaitTrue("further failed writes", () -> store.failedWrites.get() >= 5);
        assertThat(backend.calls(second.toString())).isZero();

        // when
        store.failing = false;

        // then
        process.awaitComplete(2);
        assertThat(health.failing()).isFalse();
        assertThat(backend.calls(id.toString())).isEqualTo(1);
        assertThat(process.attempts()).isEqualTo("SUCCEEDED true, SUCCEEDED true");
        assertThat(store.files).containsExactlyInAnyOrderElementsOf(queue.query("SELECT storage_key FROM images"));
    }

    @Test
    void failsWithoutACountedAttemptWhenTheDeadlinePasses() {
        // given
        UUID id = queue.submit(Duration.ofSeconds(3));
        deploy(backend, LONG);

        // then
        awaitTrue("the end", () -> "FAILED".equals(queue.value("SELECT status FROM generations")));
        assertThat(queue.value("SELECT error_code || ' ' || error_class FROM generations"))
                .isEqualTo("DEADLINE_EXCEEDED INTERNAL");
        assertThat(queue.value("SELECT error_message FROM generations")).contains("could not be stored");
        assertThat(queue.value("SELECT outcome || ' ' || counted || ' ' || error_code FROM generation_attempts"))
                .isEqualTo("RETRYABLE false NOT_KEPT");
        assertThat(backend.calls(id.toString())).isEqualTo(1);
        assertThat(store.files).isEmpty();
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    @Test
    void goesBackUncountedWhenTheProcessStops() {
        // given
        queue.submit();
        String worker = deploy(backend, Duration.ofMillis(200));
        awaitTrue("a failed write", () -> store.failedWrites.get() >= 1);

        // when
        await(queue.vertx.undeploy(worker));

        // then
        assertThat(process.attempts()).isEqualTo("INTERRUPTED false");
        assertThat(process.leased()).isEqualTo("0");
        assertThat(queue.brokenInvariants()).isEmpty();
    }

    @Test
    void recordsNothingAfterACancellation() {
        // given
        UUID id = queue.submit();
        deploy(backend, LONG);
        awaitTrue("a failed write", () -> store.failedWrites.get() >= 1);

        // when
        await(queue.leases.cancel(id, "local"));
        List<String> cancelled = queue.snapshot();
        queue.vertx.eventBus().publish(GenerationBus.CANCELLED, "");

        // then the attempt ends, though the store still fails
        awaitTrue("no write waits", () -> store.failedWrites.get() == unchanged(store.failedWrites));
        assertThat(queue.snapshot()).isEqualTo(cancelled);
    }

    @Test
    void deletesTheImagesOfAnAttemptThatLostItsLease() {
        // given images that are whole, and whose generation is cancelled before they are recorded
        store.failing = false;
        UUID id = queue.submit();
        Promise<Outcome> answer = Promise.promise();
        FakeBackend slow = new FakeBackend(request -> answer.future());
        deploy(slow, LONG);
        awaitTrue("a call", () -> slow.calls() == 1);
        await(queue.leases.cancel(id, "local"));

        // when
        answer.complete(FakeBackend.picture());

        // then
        awaitTrue("an image was written", () -> store.written.get() == 1);
        awaitTrue("and deleted", store.files::isEmpty);
    }

    /** Polls twice, far enough apart for a write that is still repeated to show. */
    private static int unchanged(AtomicInteger value) throws InterruptedException {
        int before = value.get();
        Promise<Integer> later = Promise.promise();
        queue.vertx.setTimer(2_500, timer -> later.complete(value.get()));
        int after = await(later.future());
        return before == after ? after : -1;
    }

    /** Keeps keys in memory, or fails as a full disk does. */
    private static final class BrokenStore implements ImageStore {
        private final Set<String> files = ConcurrentHashMap.newKeySet();
        private final AtomicInteger failedWrites = new AtomicInteger();
        private final AtomicInteger written = new AtomicInteger();
        private volatile boolean failing = true;

        @Override
        public Future<Void> keep(String key, Picture picture) {
            if (failing) {
                failedWrites.incrementAndGet();
                return Future.failedFuture(new IOException("No space left on device"));
            }
            files.add(key);
            written.incrementAndGet();
            return Future.succeededFuture();
        }

        @Override
        public Future<ReadStream<Buffer>> read(String key) {
            return Future.failedFuture("kept nowhere");
        }

        @Override
        public Future<Void> check() {
            return failing ? Future.failedFuture(new IOException("No space left on device")) : Future.succeededFuture();
        }

        @Override
        public Future<Void> delete(String key) {
            files.remove(key);
            return Future.succeededFuture();
        }

        @Override
        public Future<Void> oldKeys(Duration age, int limit, Function<List<String>, Future<Void>> page) {
            return Future.succeededFuture();
        }
    }
}
