package dev.darkroom.maintenance.copy;

import static dev.darkroom.maintenance.copy.ImageCopyFixture.IMAGE_BYTES;
import static dev.darkroom.maintenance.copy.ImageCopyFixture.get;
import static dev.darkroom.maintenance.copy.ImageCopyFixture.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.image.local.LocalImageStore;
import dev.darkroom.image.store.ImageNotFoundException;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreException;
import dev.darkroom.maintenance.copy.ImageCopyFixture.StoredImage;
import dev.darkroom.testing.TestPostgres;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Copies between two directories. */
@Tag("database")
@Execution(ExecutionMode.CONCURRENT)
class ImageCopyTest {
    @TempDir
    Path directory;

    private final ImageCopyFixture fixture = new ImageCopyFixture();
    private ImageStore source;
    private ImageStore target;

    @BeforeEach
    void open() {
        source = get(LocalImageStore.open(fixture.vertx, directory.resolve("source"), fixture.owner));
        target = get(LocalImageStore.open(fixture.vertx, directory.resolve("target"), fixture.owner));
    }

    @AfterEach
    void close() {
        get(source.close());
        get(target.close());
        fixture.close();
    }

    private List<StoredImage> store(int count) {
        List<StoredImage> stored = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            stored.add(fixture.store(source));
        }
        return stored;
    }

    private void assertInTarget(List<StoredImage> images) {
        assertThat(images)
                .allSatisfy(stored -> assertThat(read(target, stored.key()))
                        .isEqualTo(stored.image().bytes().toBytes()));
    }

    private static HookedImageStore counting(ImageStore store) {
        return new HookedImageStore(store, key -> Future.succeededFuture());
    }

    @Test
    void copiesImagesOfGenerationsAndUploadsOnce() throws Exception {
        // given
        List<StoredImage> stored = store(30);
        stored.add(fixture.storeUpload(source));

        // then
        assertThat(fixture.copy(source, target)).isEqualTo(new CopySummary(0, 31, 31 * IMAGE_BYTES, 0, 0, Map.of()));
        assertInTarget(stored);
        assertThat(fixture.copy(source, target)).isEqualTo(new CopySummary(31, 0, 0, 0, 0, Map.of()));
    }

    @Test
    void continuesAfterInterruption() throws Exception {
        // given a target that fails after ten images
        List<StoredImage> stored = store(30);
        AtomicInteger started = new AtomicInteger();
        HookedImageStore failing = new HookedImageStore(
                target,
                key -> started.incrementAndGet() > 10
                        ? Future.failedFuture(new ImageStoreException("the connection broke"))
                        : Future.succeededFuture());

        // when
        CopySummary interrupted = fixture.copy(source, failing);

        // then
        assertThat(interrupted.isComplete()).isFalse();
        assertThat(interrupted.problems()).hasSize(20).containsValue("the connection broke");
        HookedImageStore counted = counting(target);
        CopySummary continued = fixture.copy(source, counted);
        assertThat(continued).isEqualTo(new CopySummary(10, 20, 20 * IMAGE_BYTES, 0, 0, Map.of()));
        assertThat(counted.puts).hasValue(20);
        assertInTarget(stored);
    }

    @Test
    void endsWhenTheTargetAcceptsNothing() {
        // given
        store(3);
        HookedImageStore failing = new HookedImageStore(
                target, key -> Future.failedFuture(new ImageStoreException("the bucket does not exist")));

        // then
        assertThatThrownBy(() -> fixture.copy(source, failing))
                .isInstanceOf(ImageStoreException.class)
                .hasMessageContaining("the bucket does not exist");
    }

    @Test
    void copiesImagesThatAreStoredMeanwhile() throws Exception {
        // given a service that stores an image during each of the first five copies
        List<StoredImage> stored = store(10);
        AtomicInteger remaining = new AtomicInteger(5);
        HookedImageStore busy = new HookedImageStore(
                target,
                key -> fixture.vertx.executeBlocking(() -> {
                    synchronized (stored) {
                        if (remaining.getAndDecrement() > 0) {
                            stored.add(fixture.store(source));
                        }
                    }
                    return null;
                }));

        // when
        CopySummary summary = fixture.copy(source, busy);

        // then
        assertThat(summary.copied()).isEqualTo(15);
        assertThat(summary.isComplete()).isTrue();
        assertInTarget(stored);
    }

    @Test
    void copiesTheImageOfAGenerationThatEndsDuringTheCopy() throws Exception {
        // given an image of an old generation, whose id precedes those that are already copied, and which is still in
        // the queue
        StoredImage late = fixture.put(source);
        List<StoredImage> stored = store(3);
        TestPostgres.execute(
                fixture.url,
                "INSERT INTO generations (id, user_id, prompt, width, height, image_count, seed) VALUES ('" + late.id()
                        + "', 'mary', 'a lighthouse', 64, 64, 1, 7)",
                "INSERT INTO generation_queue (generation_id, user_id, route, run_at, deadline) VALUES ('" + late.id()
                        + "', 'mary', 'default', now(), now() + interval '10 min')");
        HookedImageStore busy = new HookedImageStore(
                target,
                key -> key.equals(stored.get(2).key())
                        ? fixture.vertx.executeBlocking(() -> {
                            fixture.insert(late, "images");
                            return null;
                        })
                        : Future.succeededFuture());

        // when
        CopySummary summary = fixture.copy(source, busy);

        // then
        assertThat(summary).isEqualTo(new CopySummary(0, 4, 4 * IMAGE_BYTES, 0, 1, Map.of()));
        assertInTarget(List.of(late));
    }

    @Test
    void replacesOtherBytesInTarget() throws Exception {
        // given
        StoredImage stored = fixture.store(source);
        get(target.put(stored.key(), ImageCopyFixture.image(new byte[IMAGE_BYTES])));

        // then
        assertThat(fixture.copy(source, target)).isEqualTo(new CopySummary(0, 1, IMAGE_BYTES, 1, 0, Map.of()));
        assertInTarget(List.of(stored));
    }

    @Test
    void reportsMissingAndDifferentImages() throws Exception {
        // given
        StoredImage intact = fixture.store(source);
        StoredImage missing = fixture.store(source);
        StoredImage different = fixture.store(source);
        get(source.delete(missing.key()));
        Files.write(directory.resolve("source").resolve(different.key()), new byte[IMAGE_BYTES]);

        // when
        CopySummary summary = fixture.copy(source, target);

        // then
        assertThat(summary.isComplete()).isFalse();
        assertThat(summary.problems())
                .containsOnly(
                        Map.entry(missing.key(), "missing in both stores"),
                        Map.entry(different.key(), "the bytes in the source are not those of the row"));
        assertInTarget(List.of(intact));
        assertThatThrownBy(() -> get(target.size(different.key())))
                .hasRootCauseInstanceOf(ImageNotFoundException.class);
    }

    @Test
    void acceptsAnImageThatOnlyTheTargetHas() throws Exception {
        // given
        fixture.store(target);

        // then
        assertThat(fixture.copy(source, target)).isEqualTo(new CopySummary(1, 0, 0, 0, 0, Map.of()));
    }

    @Test
    void leavesNoCopyOfAnImageThatIsDeletedMeanwhile() throws Exception {
        // given
        StoredImage deleted = fixture.store(source);
        StoredImage kept = fixture.store(source);
        HookedImageStore busy = new HookedImageStore(
                target,
                key -> key.equals(deleted.key())
                        ? fixture.vertx.executeBlocking(() -> {
                            fixture.deleteRow(deleted);
                            return null;
                        })
                        : Future.succeededFuture());

        // when
        CopySummary summary = fixture.copy(source, busy);

        // then
        assertThat(summary.isComplete()).isTrue();
        assertThatThrownBy(() -> get(target.size(deleted.key()))).hasRootCauseInstanceOf(ImageNotFoundException.class);
        assertInTarget(List.of(kept));
    }

    @ParameterizedTest
    @CsvSource({"4, 1000000, 4", "8, 29999, 2", "8, 9999, 1"})
    void limitsConcurrentCopies(int concurrency, int maxBytes, int expected) throws Exception {
        // given images of 10,000 bytes, and a target that does not accept them yet
        List<StoredImage> stored = store(20);
        Promise<Void> accepted = Promise.promise();
        HookedImageStore slow = new HookedImageStore(target, key -> accepted.future());
        FutureTask<CopySummary> copy = new FutureTask<>(
                () -> fixture.copy(source, slow, new ImageCopy.Options(concurrency, maxBytes, false, false)));
        Thread thread = new Thread(copy);

        // when
        thread.start();
        Awaitility.await("the copy waits")
                .atMost(Duration.ofSeconds(60))
                .until(() -> slow.examinations.get() >= expected && thread.getState() == Thread.State.WAITING);

        // then
        assertThat(slow.examinations).hasValue(expected);
        accepted.complete();
        assertThat(copy.get(60, TimeUnit.SECONDS)).isEqualTo(new CopySummary(0, 20, 20 * IMAGE_BYTES, 0, 0, Map.of()));
        assertInTarget(stored);
    }
}
