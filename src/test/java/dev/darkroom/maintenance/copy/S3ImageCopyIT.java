package dev.darkroom.maintenance.copy;

import static dev.darkroom.maintenance.copy.ImageCopyFixture.IMAGE_BYTES;
import static dev.darkroom.maintenance.copy.ImageCopyFixture.get;
import static dev.darkroom.maintenance.copy.ImageCopyFixture.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.image.local.LocalImageStore;
import dev.darkroom.image.s3.S3ImageStore;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreException;
import dev.darkroom.maintenance.copy.ImageCopyFixture.StoredImage;
import dev.darkroom.testing.s3.S3ProxyServer;
import dev.darkroom.testing.s3.S3Server;
import io.vertx.core.Future;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.core.async.AsyncRequestBody;

/** Copies from a directory to a bucket, to another bucket, and back to a directory. */
@Tag("s3")
class S3ImageCopyIT {
    @RegisterExtension
    static final S3ProxyServer server = new S3ProxyServer();

    @TempDir
    Path directory;

    private final ImageCopyFixture fixture = new ImageCopyFixture();
    private final String bucket = "images-" + UUID.randomUUID();
    private ImageStore source;
    private ImageStore target;

    @BeforeEach
    void open() {
        server.createBucket(bucket);
        source = openDirectory("source");
        target = openBucket("darkroom/");
    }

    @AfterEach
    void close() {
        get(source.close());
        get(target.close());
        fixture.close();
    }

    private ImageStore openDirectory(String name) {
        return get(LocalImageStore.open(fixture.vertx, directory.resolve(name), fixture.owner));
    }

    private ImageStore openBucket(String prefix) {
        return get(
                S3ImageStore.open(fixture.vertx, S3Server.settings(server.environment(bucket, prefix)), fixture.owner));
    }

    private List<StoredImage> store(int count) {
        List<StoredImage> stored = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            stored.add(fixture.store(source));
        }
        return stored;
    }

    private static void assertStored(ImageStore store, List<StoredImage> images) {
        assertThat(images)
                .allSatisfy(stored -> assertThat(read(store, stored.key()))
                        .isEqualTo(stored.image().bytes().toBytes()));
    }

    @Test
    void copiesToBucketToAnotherPrefixAndBack() throws Exception {
        // given
        List<StoredImage> stored = store(20);
        CopySummary all = new CopySummary(0, 20, 20 * IMAGE_BYTES, 0, 0, Map.of());
        CopySummary none = new CopySummary(20, 0, 0, 0, 0, Map.of());
        ImageStore other = openBucket("moved/");
        ImageStore back = openDirectory("back");

        // then
        assertThat(fixture.copy(source, target)).isEqualTo(all);
        assertThat(fixture.copy(source, target)).isEqualTo(none);
        assertThat(fixture.copy(source, target, true)).isEqualTo(none);
        assertThat(fixture.copy(target, other)).isEqualTo(all);
        assertThat(fixture.copy(other, back)).isEqualTo(all);
        assertThat(fixture.copy(other, back)).isEqualTo(none);
        assertStored(back, stored);
        assertThat(server.images(bucket)).hasSize(40);
        get(other.close());
        get(back.close());
    }

    @Test
    void continuesAfterInterruption() throws Exception {
        // given
        List<StoredImage> stored = store(20);
        AtomicInteger started = new AtomicInteger();
        HookedImageStore failing = new HookedImageStore(
                target,
                key -> started.incrementAndGet() > 5
                        ? Future.failedFuture(new ImageStoreException("the connection broke"))
                        : Future.succeededFuture());

        // when
        assertThat(fixture.copy(source, failing).problems()).hasSize(15);

        // then the recorded checksums are compared, without downloads
        HookedImageStore counted = new HookedImageStore(target, key -> Future.succeededFuture());
        assertThat(fixture.copy(source, counted)).isEqualTo(new CopySummary(5, 15, 15 * IMAGE_BYTES, 0, 0, Map.of()));
        assertThat(counted.puts).hasValue(15);
        assertThat(counted.opens).hasValue(0);
        assertStored(target, stored);
    }

    @Test
    void replacesOtherBytesAndReadsObjectsWithoutRecordedChecksum() throws Exception {
        // given objects of another tool: one with the bytes of the image, one with others
        List<StoredImage> stored = store(2);
        putWithoutChecksum(stored.get(0).key(), stored.get(0).image().bytes().toBytes());
        putWithoutChecksum(stored.get(1).key(), new byte[IMAGE_BYTES]);

        // then
        assertThat(fixture.copy(source, target)).isEqualTo(new CopySummary(1, 1, IMAGE_BYTES, 1, 0, Map.of()));
        assertStored(target, stored);
    }

    private void putWithoutChecksum(String key, byte[] bytes) {
        server.call(client -> client.putObject(
                        request -> request.bucket(bucket).key("darkroom/" + key), AsyncRequestBody.fromBytes(bytes))
                .join());
    }
}
