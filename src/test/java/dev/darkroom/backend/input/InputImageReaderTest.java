package dev.darkroom.backend.input;

import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendFixture;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImageException;
import dev.darkroom.backend.InputImageLoader;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.LoadedInputs;
import dev.darkroom.config.TestSettings;
import dev.darkroom.http.ResponseMemory;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.image.TestImages;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InputImageReaderTest extends BackendFixture {
    private static final byte[] IMAGE = TestImages.png(40, 30);
    private static final int MAX_CALL_BYTES = 2 * IMAGE.length;

    private final CountingMemory memory = new CountingMemory();
    private Vertx vertx;
    private InputImageReader reader;
    private HttpServer server;
    private Buffer response = Buffer.buffer(IMAGE);

    @BeforeEach
    void start() {
        vertx = Vertx.vertx();
        server = get(vertx.createHttpServer()
                .requestHandler(request -> {
                    if (response != null) {
                        request.response().end(response);
                    }
                })
                .listen(0, "127.0.0.1"));
        reader = new InputImageReader(
                vertx,
                null,
                new EgressPolicy(
                        new EgressPolicy.Rules(List.of("127.0.0.1/32"), true, List.of()),
                        (host) -> Future.succeededFuture(List.of()),
                        null),
                TestSettings.DEFAULTS.inputImages(),
                MAX_HEADER_BYTES);
    }

    @AfterEach
    void stop() {
        get(reader.close());
        get(vertx.close());
    }

    @Test
    void fetchUsesTheMemoryOfTheImageAndNotOfTheLargestOne() {
        // given
        assertThat(TestSettings.DEFAULTS.inputImages().maxBytes()).isGreaterThan(MAX_CALL_BYTES);

        // when
        LoadedInputs loaded = get(load(LONG_TIMEOUT, 2));

        // then
        assertThat(loaded.images())
                .allSatisfy(image -> assertThat(image.bytes().toBytes()).isEqualTo(IMAGE));
        assertThat(memory.held).isEqualTo(loaded.bytes());
    }

    @Test
    void imagesAboveTheMemoryOfTheCallFail() {
        assertThat(failure(load(LONG_TIMEOUT, 3)).code()).isEqualTo("INPUT_IMAGES_TOO_LARGE");
        assertThat(memory.held).isEqualTo(2 * IMAGE.length);
    }

    @Test
    void unresponsiveServerFailsTheImageBeforeTheDeadlineOfTheCall() {
        // given
        response = null;

        // when
        BackendFailure failure = failure(load(Duration.ofMillis(100), 1));

        // then
        assertThat(failure.code()).isEqualTo("INPUT_IMAGE_NOT_FETCHED");
        assertThat(failure.failureClass()).isEqualTo(FailureClass.TERMINAL_INPUT);
    }

    private Future<LoadedInputs> load(Duration remaining, int count) {
        InputImage image = InputImage.ofUrl("http://127.0.0.1:" + server.actualPort() + "/image.png");
        return Future.<LoadedInputs>future(result -> vertx.runOnContext(v -> reader.load(
                        new InputImages(Collections.nCopies(count, image), null), new EndlessCall(remaining, memory))
                .onComplete(result)));
    }

    private static BackendFailure failure(Future<LoadedInputs> future) {
        return get(
                future.<BackendFailure>map(loaded -> null).otherwise(error -> ((InputImageException) error).failure()));
    }

    private record EndlessCall(Duration remaining, ResponseMemory memory) implements InputImageLoader.Call {
        @Override
        public void onEnd(Runnable handler) {}

        @Override
        public Future<Void> reserveInputMemory(int bytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void releaseInputMemory(int bytes) {
            memory.addBytes(-bytes);
        }
    }

    private static final class CountingMemory implements ResponseMemory {
        private int held;

        @Override
        public boolean isWithinLimit(long additionalBytes) {
            return held + additionalBytes <= MAX_CALL_BYTES;
        }

        @Override
        public void addBytes(int bytes) {
            held += bytes;
        }
    }
}
