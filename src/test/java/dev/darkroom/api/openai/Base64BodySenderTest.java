package dev.darkroom.api.openai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.api.openai.Base64BodySender.Part;
import dev.darkroom.api.transport.ResponseWriter;
import dev.darkroom.generation.StoredImage;
import dev.darkroom.image.store.ImageContent;
import dev.darkroom.image.store.ImageNotFoundException;
import dev.darkroom.image.store.ImageStoreStub;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServer;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Base64BodySenderTest {
    private static final int BLOCK_BYTES = 48 * 1024;

    private final Vertx vertx = Vertx.vertx();
    private final MemoryStore store = new MemoryStore();
    private volatile List<Part> parts;
    private HttpServer server;

    /** Images in memory, and the number of open ones. */
    private static final class MemoryStore extends ImageStoreStub {
        private final Map<String, byte[]> images = new HashMap<>();
        private final AtomicInteger openImages = new AtomicInteger();
        private volatile int largestRead;

        @Override
        public Future<ImageContent> open(String key, long start, long end) {
            byte[] bytes = images.get(key);
            if (bytes == null) {
                return Future.failedFuture(new ImageNotFoundException(key));
            }
            openImages.incrementAndGet();
            return Future.succeededFuture(new ImageContent() {
                private int position;

                @Override
                public Future<Buffer> read(int length) {
                    largestRead = Math.max(largestRead, length);
                    position += length;
                    return Future.succeededFuture(Buffer.buffer(bytes).getBuffer(position - length, position));
                }

                @Override
                public Future<Void> close() {
                    openImages.decrementAndGet();
                    return Future.succeededFuture();
                }
            });
        }
    }

    @BeforeEach
    void start() throws Exception {
        server = vertx.createHttpServer().requestHandler(request -> {
            request.response().putHeader(HttpHeaders.CONTENT_LENGTH, String.valueOf(Base64BodySender.length(parts)));
            Base64BodySender sender = new Base64BodySender(store, new ResponseWriter(request));
            sender.send(parts).onFailure(failure -> {
                if (sender.hasStarted()) {
                    request.response().reset();
                } else {
                    request.response()
                            .putHeader(HttpHeaders.CONTENT_LENGTH, "0")
                            .setStatusCode(500)
                            .end();
                }
            });
        });
        server.listen(0, "127.0.0.1").toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void stop() throws Exception {
        vertx.close().toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }

    private Part image(String text, int bytes) {
        byte[] content = new byte[bytes];
        new Random(bytes).nextBytes(content);
        String key = "image-" + store.images.size();
        store.images.put(key, content);
        return imagePart(text, key, bytes);
    }

    private static Part imagePart(String text, String key, int bytes) {
        return Part.of(text, new StoredImage(UUID.randomUUID(), "image/png", 1, 1, bytes, "", key));
    }

    private HttpResponse<byte[]> fetch() throws Exception {
        return HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .build()
                .send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.actualPort()))
                                .timeout(Duration.ofSeconds(60))
                                .build(),
                        BodyHandlers.ofByteArray());
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 2 * BLOCK_BYTES, 20_000_000})
    void sendsTextsAndImages(int bytes) throws Exception {
        // given
        parts = List.of(image("<", bytes), image("|", 5), Part.last(">"));

        // when
        HttpResponse<byte[]> response = fetch();

        // then
        Base64.Encoder encoder = Base64.getEncoder();
        assertThat(new String(response.body(), StandardCharsets.US_ASCII))
                .isEqualTo("<" + encoder.encodeToString(store.images.get("image-0")) + "|"
                        + encoder.encodeToString(store.images.get("image-1")) + ">");
        assertThat(store.openImages).hasValue(0);
        assertThat(store.largestRead).isLessThanOrEqualTo(BLOCK_BYTES);
    }

    @Test
    void sendsNothingWhenTheFirstImageIsMissing() throws Exception {
        // given
        parts = List.of(imagePart("<", "missing", 7), image("|", 5), Part.last(">"));

        // then
        assertThat(fetch().statusCode()).isEqualTo(500);
        assertThat(store.openImages).hasValue(0);
    }

    @Test
    void closesTheConnectionWhenALaterImageIsMissing() {
        // given
        parts = List.of(image("<", 100_000), imagePart("|", "missing", 7), Part.last(">"));

        // then
        assertThatThrownBy(this::fetch).isInstanceOf(IOException.class);
        assertThat(store.openImages).hasValue(0);
    }
}
