package dev.darkroom.image.s3;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.config.SettingsException;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.store.ImageContent;
import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreException;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.testing.TcpProxy;
import dev.darkroom.testing.s3.S3FaultProxy;
import dev.darkroom.testing.s3.S3FaultProxy.Fault;
import dev.darkroom.testing.s3.S3FaultProxy.RecordedRequest;
import dev.darkroom.testing.s3.S3ProxyServer;
import dev.darkroom.testing.s3.S3Server;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.commons.codec.digest.DigestUtils;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Faults of an object store, injected between the store and s3proxy. */
@Tag("s3")
class S3FaultsIT {
    private static final int MIB = 1 << 20;

    @RegisterExtension
    static final S3ProxyServer server = new S3ProxyServer();

    private final String bucket = "images-" + UUID.randomUUID();
    private final String key = ImageKeyFactory.createKey(UUID.randomUUID(), ImageFormat.PNG);
    private final ImageStoreOwner owner = ImageStoreOwner.withoutImages(UUID.randomUUID());
    private Vertx vertx;
    private S3FaultProxy proxy;
    private ImageStore store;

    @BeforeEach
    void open() throws Exception {
        vertx = Vertx.vertx();
        proxy = new S3FaultProxy(server);
        server.createBucket(bucket);
        store = await(open(Map.of()));
    }

    @AfterEach
    void close() throws Exception {
        await(store.close());
        proxy.close();
        await(vertx.close());
    }

    private Future<ImageStore> open(Map<String, String> changes) {
        return open(proxy.endpoint(), changes);
    }

    private Future<ImageStore> open(URI endpoint, Map<String, String> changes) {
        Map<String, String> environment = S3Server.environment(endpoint, bucket, "");
        environment.putAll(changes);
        return S3ImageStore.open(vertx, S3Server.settings(environment), owner);
    }

    @Test
    void repeatsUploadAfterSlowDown() throws Exception {
        // given
        proxy.inject(Fault.reject(503, "SlowDown", HttpMethod.PUT), 2);
        int before = proxy.requests(HttpMethod.PUT).size();

        // when
        await(store.put(key, image(300_000)));

        // then
        assertThat(await(store.size(key))).isEqualTo(300_000L);
        assertThat(proxy.requests(HttpMethod.PUT)).hasSize(before + 3);
    }

    @Test
    void failsAfterThreeRequests() {
        // given
        proxy.inject(Fault.reject(503, "SlowDown", HttpMethod.PUT), Integer.MAX_VALUE);
        int before = proxy.requests(HttpMethod.PUT).size();

        // then
        assertThatThrownBy(() -> await(store.put(key, image(10))))
                .cause()
                .isInstanceOf(ImageStoreException.class)
                .hasMessage("S3 upload failed: status 503 SlowDown, request injected");
        assertThat(proxy.requests(HttpMethod.PUT)).hasSize(before + 3);
    }

    @Test
    void acceptsItsOwnUploadAfterALostResponse() throws Exception {
        // given
        proxy.inject(Fault.cutResponse(0, HttpMethod.PUT), 1);
        Image image = image(200_000);

        // when
        await(store.put(key, image));

        // then
        assertThat(read(0, 200_000)).isEqualTo(image.bytes().toBytes());
        assertThat(proxy.requests(HttpMethod.PUT).stream()
                        .filter(request -> request.path().endsWith(key)))
                .hasSize(2);
    }

    @Test
    void replacesNoOtherImage() throws Exception {
        // given
        Image image = image(1_000);
        await(store.put(key, image));

        // then
        assertThatThrownBy(() -> await(store.put(key, image(1_001))))
                .cause()
                .isInstanceOf(ImageStoreException.class)
                .hasMessageContaining("another object has the key " + key);
        assertThat(read(0, 1_000)).isEqualTo(image.bytes().toBytes());
    }

    @Test
    void continuesADownloadWhoseConnectionBreaks() throws Exception {
        // given
        Image image = image(MIB);
        await(store.put(key, image));
        proxy.inject(Fault.cutResponse(300_000, HttpMethod.GET), 2);

        // then
        assertThat(read(100, MIB)).isEqualTo(Arrays.copyOfRange(image.bytes().toBytes(), 100, MIB));
        List<String> ranges = proxy.requests(HttpMethod.GET).stream()
                .filter(request -> request.path().endsWith(key))
                .map(RecordedRequest::range)
                .toList();
        assertThat(ranges).hasSize(3).startsWith("bytes=100-1048575").doesNotHaveDuplicates();
    }

    @Test
    void repeatsDownloadAfterSlowDown() throws Exception {
        // given
        Image image = image(300_000);
        await(store.put(key, image));
        proxy.inject(Fault.reject(503, "SlowDown", HttpMethod.GET), 1);

        // then
        assertThat(read(0, 300_000)).isEqualTo(image.bytes().toBytes());
    }

    @Test
    void failsADownloadThatMakesNoProgress() throws Exception {
        // given
        await(store.put(key, image(MIB)));
        proxy.inject(Fault.reject(503, "SlowDown", HttpMethod.GET), Integer.MAX_VALUE);

        // then
        assertThatThrownBy(() -> read(0, MIB)).cause().isInstanceOf(ImageStoreException.class);
    }

    @Test
    void reportsAFullObjectStore() throws Exception {
        // given
        proxy.inject(Fault.reject(507, "InsufficientStorage", HttpMethod.PUT), Integer.MAX_VALUE);

        // then
        assertThatThrownBy(() -> await(store.put(key, image(10))))
                .cause()
                .hasMessageContaining("status 507 InsufficientStorage");
        assertThatThrownBy(() -> await(store.checkWritable()))
                .cause()
                .hasMessageContaining("status 507 InsufficientStorage");

        // and when there is space again
        proxy.removeFault();
        await(store.checkWritable());
        await(store.put(key, image(10)));
    }

    @Test
    void distinguishesAMissingBucketFromAMissingImage() throws Exception {
        // given
        await(store.put(key, image(10)));
        proxy.inject(
                Fault.reject(404, "NoSuchBucket", HttpMethod.PUT, HttpMethod.GET, HttpMethod.DELETE),
                Integer.MAX_VALUE);

        // then
        for (Future<?> failed : List.of(
                store.put(key, image(10)),
                store.open(key, 0, 10),
                store.delete(key),
                store.listStaleFiles(Duration.ZERO, 10).next(),
                store.checkWritable(),
                store.checkOwner())) {
            assertThatThrownBy(() -> await(failed))
                    .cause()
                    .isInstanceOf(ImageStoreException.class)
                    .hasMessageContaining("404 NoSuchBucket");
        }

        // and when the bucket is back
        proxy.removeFault();
        await(store.checkWritable());
        assertThat(read(0, 10)).hasSize(10);
    }

    @Test
    void marksABucketThatWasCreatedAgain() throws Exception {
        // given
        server.call(
                client -> client.deleteObject(request -> request.bucket(bucket).key(".darkroom"))
                        .join());
        server.deleteBucket(bucket);
        assertThatThrownBy(() -> await(store.checkWritable())).cause().hasMessageContaining("NoSuchBucket");

        // when
        server.createBucket(bucket);
        await(store.checkWritable());

        // then
        await(store.checkOwner());
        await(store.put(key, image(10)));
    }

    @Test
    void continuesAfterARestartOfTheServer() throws Exception {
        // given
        await(store.put(key, image(10)));

        // when
        server.kill();
        assertThatThrownBy(() -> await(store.open(key, 0, 10))).cause().isInstanceOf(ImageStoreException.class);
        server.start();

        // then
        Awaitility.await()
                .atMost(Duration.ofSeconds(60))
                .ignoreExceptions()
                .untilAsserted(() -> assertThat(read(0, 10)).hasSize(10));
    }

    @Test
    void rejectsWrongCredentialsAtTheStart() {
        assertThatThrownBy(() -> await(open(Map.of("DARKROOM_S3_SECRET_ACCESS_KEY", "a-wrong-secret"))))
                .cause()
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("DARKROOM_S3_BUCKET: expected a writable bucket")
                .hasMessageContaining("403 SignatureDoesNotMatch")
                .hasMessageNotContaining("wrong-secret");
        assertThatThrownBy(() -> await(open(Map.of("DARKROOM_S3_ACCESS_KEY_ID", "unknown"))))
                .cause()
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("403 InvalidAccessKeyId");
    }

    @Test
    void reportsAnotherClockWithoutADate() {
        // given responses without a date
        proxy.inject(Fault.reject(403, "RequestTimeTooSkewed", HttpMethod.PUT), Integer.MAX_VALUE);

        // then
        assertThatThrownBy(() -> await(store.put(key, image(10))))
                .cause()
                .isInstanceOf(ImageStoreException.class)
                .hasMessage("S3 upload failed: status 403 RequestTimeTooSkewed, request injected");
    }

    @Test
    void failsWhenTheObjectStoreIsSilent() throws Exception {
        try (TcpProxy silent = new TcpProxy("127.0.0.1", server.port())) {
            // given
            ImageStore impatient =
                    await(open(URI.create("http://127.0.0.1:" + silent.port()), Map.of("DARKROOM_S3_TIMEOUT", "1s")));
            silent.blackhole();

            // then
            assertThatThrownBy(() -> await(impatient.put(key, image(10))))
                    .cause()
                    .isInstanceOf(ImageStoreException.class);
            silent.resumeForwarding();
            Awaitility.await()
                    .atMost(Duration.ofSeconds(60))
                    .ignoreExceptions()
                    .until(() -> impatient.put(key, image(10)).map(true).await(60, TimeUnit.SECONDS));
            await(impatient.close());
        }
    }

    @Test
    void copiesNoImageWhileItUploads() throws Exception {
        int size = 64 * MIB;
        Image image = image(size);
        try (TcpProxy slow = new TcpProxy("127.0.0.1", server.port())) {
            ImageStore uploading = await(open(URI.create("http://127.0.0.1:" + slow.port()), Map.of()));
            long before = usedHeap();

            // when the server reads only a part
            slow.blackhole();
            Future<Void> stored = uploading.put(key, image);
            Awaitility.await().atMost(Duration.ofSeconds(60)).until(slow::isHoldingBytes);

            // then
            assertThat(usedHeap() - before).isLessThan(16 * MIB);
            assertThat(stored.isComplete()).isFalse();
            slow.resumeForwarding();
            await(stored);
            assertThat(await(uploading.size(key))).isEqualTo((long) size);
            await(uploading.close());
        }
    }

    private static long usedHeap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }

    private byte[] read(int start, int end) throws Exception {
        ImageContent content = await(store.open(key, start, end));
        return await(content.read(end - start).eventually(content::close)).getBytes();
    }

    private static Image image(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return new Image(ChunkedBytes.of(bytes), ImageFormat.PNG, 1, 1, DigestUtils.sha256Hex(bytes));
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
    }
}
