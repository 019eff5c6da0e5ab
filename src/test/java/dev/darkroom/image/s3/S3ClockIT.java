package dev.darkroom.image.s3;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageFormat;
import dev.darkroom.image.store.ImageKeyFactory;
import dev.darkroom.image.store.ImageStore;
import dev.darkroom.image.store.ImageStoreOwner;
import dev.darkroom.testing.FakeClock;
import dev.darkroom.testing.s3.S3FaultProxy;
import dev.darkroom.testing.s3.S3ProxyServer;
import dev.darkroom.testing.s3.S3Server;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** An object store with another clock: s3proxy with libfaketime, which rejects differences of more than 15 minutes, as AWS does. */
@Tag("s3")
class S3ClockIT {
    private static final byte[] BYTES = {1, 2, 3};

    private static final FakeClock clock = new FakeClock();

    @RegisterExtension
    static final S3ProxyServer server = new S3ProxyServer(clock.environment());

    private final String bucket = "images-" + UUID.randomUUID();
    private final Image image = new Image(ChunkedBytes.of(BYTES), ImageFormat.PNG, 1, 1, DigestUtils.sha256Hex(BYTES));
    private Vertx vertx;
    private S3FaultProxy proxy;

    @BeforeEach
    void open() {
        clock.set("+0");
        server.createBucket(bucket);
        vertx = Vertx.vertx();
        proxy = new S3FaultProxy(server);
    }

    @AfterEach
    void close() throws Exception {
        proxy.close();
        await(vertx.close());
    }

    private ImageStore openStore(Map<String, String> changes) throws Exception {
        Map<String, String> environment = S3Server.environment(proxy.endpoint(), bucket, "");
        environment.putAll(changes);
        return await(S3ImageStore.open(
                vertx, S3Server.settings(environment), ImageStoreOwner.withoutImages(UUID.randomUUID())));
    }

    @Test
    void followsTheClockOfTheObjectStore() throws Exception {
        // given
        clock.set("+1h");
        ImageStore store = openStore(Map.of());

        for (String offset : List.of("-1h", "+0", "+1h")) {
            // when
            clock.set(offset);
            String key = newKey();
            await(store.put(key, image));

            // then the object store rejects the first upload, and its response has its time
            assertThat(proxy.requests(HttpMethod.PUT))
                    .as(offset)
                    .filteredOn(request -> request.path().endsWith(key))
                    .hasSize(2);
            assertThat(await(store.open(key, 0, BYTES.length)
                                    .compose(content ->
                                            content.read(BYTES.length).eventually(content::close)))
                            .getBytes())
                    .isEqualTo(BYTES);
        }
        await(store.close());
    }

    @Test
    void signsUrlsByTheClockOfThisMachine() throws Exception {
        // given
        ImageStore store = openStore(Map.of("DARKROOM_S3_DELIVERY", "redirect"));
        String key = newKey();
        await(store.put(key, image));

        // when the object store is ahead by more than the lifetime of the URL
        clock.set("+1h");
        await(store.size(key));
        URI url = await(store.downloadUrl(key)).orElseThrow();

        // then
        assertThat(status(url)).isEqualTo(403);
        clock.set("+0");
        assertThat(status(url)).isEqualTo(200);
        await(store.close());
    }

    private static int status(URI url) throws IOException {
        return ((HttpURLConnection) url.toURL().openConnection()).getResponseCode();
    }

    private static String newKey() {
        return ImageKeyFactory.createKey(UUID.randomUUID(), ImageFormat.PNG);
    }

    private static <T> T await(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(120, TimeUnit.SECONDS);
    }
}
