package dev.darkroom.generation.worker;

import static dev.darkroom.generation.store.GenerationDatabaseFixture.await;
import static dev.darkroom.generation.worker.GenerationWorkerFixture.awaitTrue;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.generation.GenerationSignals;
import dev.darkroom.generation.store.GenerationDatabaseFixture;
import dev.darkroom.image.Image;
import dev.darkroom.image.store.ImageStoreHealth;
import dev.darkroom.image.store.ImageStoreStub;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Failures of the image store after the AI server has generated the images. */
@Tag("database")
class ImageStoreFailureTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @RegisterExtension
    static final GenerationDatabaseFixture queue = new GenerationDatabaseFixture();

    private final GenerationWorkerFixture process = new GenerationWorkerFixture(queue);
    private final ImageStoreHealth health = new ImageStoreHealth();
    private final FakeImageBackend backend = FakeImageBackend.succeeding();
    private final BrokenStore store = new BrokenStore();

    private String deploy(FakeImageBackend target, Duration grace) {
        return process.deploy(target, process.workerSettings(grace), store, health);
    }

    @Test
    void retriesTheWriteAndNotTheCall() {
        // given
        UUID id = queue.submit();
        deploy(backend, LONG);
        awaitTrue("three failed writes", () -> store.failedWrites.get() >= 3);

        // then no attempt is recorded, nothing else is claimed, and the attempt deadline is extended
        assertThat(health.failing()).isTrue();
        assertThat(process.attemptOutcomes()).isNull();
        assertThat(queue.queryValue("SELECT attempt_deadline = deadline FROM generation_queue"))
                .isEqualTo("true");
        UUID second = queue.submit();
        process.wakeWorkers();
        awaitTrue("further failed writes", () -> store.failedWrites.get() >= 5);
        assertThat(backend.callCount(second.toString())).isZero();

        // when
        store.failing = false;

        // then
        process.awaitComplete(2);
        assertThat(health.failing()).isFalse();
        assertThat(backend.callCount(id.toString())).isEqualTo(1);
        assertThat(process.attemptOutcomes()).isEqualTo("SUCCEEDED true, SUCCEEDED true");
        assertThat(store.files).containsExactlyInAnyOrderElementsOf(queue.query("SELECT storage_key FROM images"));
    }

    @Test
    void failsWithoutACountedAttemptWhenTheDeadlinePasses() {
        // given
        UUID id = queue.submit(Duration.ofSeconds(3));
        deploy(backend, LONG);

        // then
        awaitTrue("the end", () -> "FAILED".equals(queue.queryValue("SELECT status FROM generations")));
        assertThat(queue.queryValue("SELECT error_code || ' ' || error_class FROM generations"))
                .isEqualTo("DEADLINE_EXCEEDED RESULT_STORE");
        assertThat(queue.queryValue("SELECT error_message FROM generations")).contains("could not be stored");
        assertThat(queue.queryValue("SELECT outcome || ' ' || counted || ' ' || error_code FROM generation_attempts"))
                .isEqualTo("RETRYABLE false IMAGES_NOT_STORED");
        assertThat(backend.callCount(id.toString())).isEqualTo(1);
        assertThat(store.files).isEmpty();
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void requeuesUncountedWhenTheProcessStops() {
        // given
        queue.submit();
        String worker = deploy(backend, Duration.ofMillis(200));
        awaitTrue("a failed write", () -> store.failedWrites.get() >= 1);

        // when
        await(queue.vertx.undeploy(worker));

        // then
        assertThat(process.attemptOutcomes()).isEqualTo("INTERRUPTED false");
        assertThat(process.countLeased()).isEqualTo("0");
        assertThat(queue.findViolations()).isEmpty();
    }

    @Test
    void recordsNothingAfterACancellation() {
        // given
        UUID id = queue.submit();
        deploy(backend, LONG);
        awaitTrue("a failed write", () -> store.failedWrites.get() >= 1);

        // when
        await(queue.outcomeStore.cancel(id, "local"));
        List<String> cancelled = queue.readAllRows();
        GenerationSignals.CANCELLED.publish(queue.notifyChannel);

        // then the attempt ends while the store still fails
        awaitTrue("no write waits", () -> store.failedWrites.get() == unchanged(store.failedWrites));
        assertThat(queue.readAllRows()).isEqualTo(cancelled);
    }

    @Test
    void deletesTheImagesOfAnAttemptThatLostItsLease() {
        // given a generation that is canceled before its images are recorded
        store.failing = false;
        UUID id = queue.submit();
        Promise<BackendOutcome> response = Promise.promise();
        FakeImageBackend slow = new FakeImageBackend(request -> response.future());
        deploy(slow, LONG);
        awaitTrue("a call", () -> slow.callCount() == 1);
        await(queue.outcomeStore.cancel(id, "local"));

        // when
        response.complete(FakeImageBackend.imageOutcome());

        // then
        awaitTrue("an image was written", () -> store.written.get() == 1);
        awaitTrue("and deleted", store.files::isEmpty);
    }

    /** Reads a value twice, far enough apart to detect a write that is still retried; returns -1 when it changed. */
    private static int unchanged(AtomicInteger value) throws InterruptedException {
        int before = value.get();
        Promise<Integer> later = Promise.promise();
        queue.vertx.setTimer(2_500, timer -> later.complete(value.get()));
        int after = await(later.future());
        return before == after ? after : -1;
    }

    /** Stores keys in memory, or fails like a full disk. */
    private static final class BrokenStore extends ImageStoreStub {
        private final Set<String> files = ConcurrentHashMap.newKeySet();
        private final AtomicInteger failedWrites = new AtomicInteger();
        private final AtomicInteger written = new AtomicInteger();
        private volatile boolean failing = true;

        @Override
        public Future<Void> put(String key, Image image) {
            if (failing) {
                failedWrites.incrementAndGet();
                return Future.failedFuture(new IOException("No space left on device"));
            }
            files.add(key);
            written.incrementAndGet();
            return Future.succeededFuture();
        }

        @Override
        public Future<Void> checkWritable() {
            return failing ? Future.failedFuture(new IOException("No space left on device")) : Future.succeededFuture();
        }

        @Override
        public Future<Void> delete(String key) {
            files.remove(key);
            return Future.succeededFuture();
        }
    }
}
