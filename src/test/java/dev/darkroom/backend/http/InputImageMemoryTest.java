package dev.darkroom.backend.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFixture;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.InputImage;
import dev.darkroom.backend.InputImageLoader;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.JobListener;
import dev.darkroom.backend.JobReference;
import dev.darkroom.backend.LoadedInputs;
import dev.darkroom.image.ChunkedBytes;
import dev.darkroom.image.Image;
import dev.darkroom.image.ImageInspector;
import dev.darkroom.image.TestImages;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisplayName("Input images and their encoding count towards the memory budget until the response has arrived")
class InputImageMemoryTest extends BackendFixture {
    private static final int MAX_CALL_BYTES = 64 * 1024;
    private static final int CALLS = 2;
    /** One call may hold a sixteenth of the heap without the only permit: less than the image. */
    private static final long HEAP_BYTES = 4 * MAX_CALL_BYTES;

    private static final Image IMAGE =
            ImageInspector.inspect(ChunkedBytes.of(TestImages.noisePng(80, 80)), MAX_CALL_BYTES);
    private static final InputImages INPUTS = new InputImages(List.of(InputImage.ofUrl("https://example.org")), null);

    private final Promise<Void> answer = Promise.promise();
    private final AtomicInteger received = new AtomicInteger();
    private final AtomicInteger started = new AtomicInteger();
    private final AtomicInteger loaded = new AtomicInteger();
    private Vertx vertx;
    private BackendHttpClient http;

    @BeforeEach
    void start() {
        assertThat(IMAGE.size()).isBetween((int) HEAP_BYTES / 8 / CALLS, MAX_CALL_BYTES / 3);
        vertx = Vertx.vertx();
        HttpServer server = get(vertx.createHttpServer()
                .requestHandler(request -> request.body().onSuccess(body -> {
                    received.incrementAndGet();
                    answer.future().onSuccess(now -> request.response().end("{}"));
                }))
                .listen(0, "127.0.0.1"));
        http = new BackendHttpClient(
                vertx,
                settings(),
                URI.create("http://127.0.0.1:" + server.actualPort()),
                new ResponseMemoryBudget(HEAP_BYTES, CALLS, MAX_CALL_BYTES),
                MAX_HEADER_BYTES,
                BackendHttpClient::bearerToken);
    }

    @AfterEach
    void stop() {
        get(http.close());
        get(vertx.close());
    }

    @Test
    void abortedCallStopsWaiting() {
        // given
        Future<BackendOutcome> first = submit(call(LONG_TIMEOUT, 1), Future.succeededFuture());
        awaitReceived(1);
        BackendCall waiting = call(LONG_TIMEOUT, 1);
        Future<BackendOutcome> second = submit(waiting, Future.succeededFuture());
        await().atMost(LONG_TIMEOUT).until(() -> started.get() == 2);

        // when
        waiting.abort();

        // then
        assertThat(get(second)).isEqualTo(new BackendOutcome.Aborted());
        answer.complete();
        assertThat(get(first)).isInstanceOf(BackendOutcome.Generated.class);
        assertThat(get(submit(call(LONG_TIMEOUT, 1), Future.succeededFuture())))
                .isInstanceOf(BackendOutcome.Generated.class);
        assertThat(loaded).hasValue(2);
    }

    @Test
    void deadlineOfAWaitingCallIsNoFailureOfTheAiServer() {
        // given
        submit(call(LONG_TIMEOUT, 1), Future.succeededFuture());
        awaitReceived(1);

        // when
        BackendCall waiting = call(Duration.ofMillis(50), 1);
        BackendOutcome outcome = get(submit(waiting, Future.succeededFuture()));

        // then
        assertThat(failed(outcome).code()).isEqualTo("INPUT_IMAGES_NOT_LOADED");
        assertThat(failed(outcome).concernsInputImages()).isTrue();
        assertThat(failed(outcome).countsForBreaker()).isFalse();
        assertThat(waiting.sent()).isFalse();
    }

    @Test
    void callReturnsTheMemoryOfItsBodyWithTheResponse() {
        // given a call that has submitted its job and still polls it
        answer.complete();
        Promise<Void> jobEnd = Promise.promise();
        Future<BackendOutcome> polling = submit(call(LONG_TIMEOUT, 1), jobEnd.future());
        awaitReceived(1);

        // when
        BackendOutcome other = get(submit(call(LONG_TIMEOUT, 1), Future.succeededFuture()));

        // then
        assertThat(other).isInstanceOf(BackendOutcome.Generated.class);
        assertThat(polling.isComplete()).isFalse();
        jobEnd.complete();
        assertThat(get(polling)).isInstanceOf(BackendOutcome.Generated.class);
    }

    /** With two images only their encoding exceeds the limit. */
    @ParameterizedTest
    @ValueSource(ints = {2, 4})
    void imagesThatNeverFitFail(int images) {
        // when
        BackendOutcome outcome = get(submit(call(LONG_TIMEOUT, images), Future.succeededFuture()));

        // then
        assertThat(failed(outcome).code()).isEqualTo("INPUT_IMAGES_TOO_LARGE");
        assertThat(failed(outcome).failureClass().retryable()).isFalse();
        assertThat(received).hasValue(0);
    }

    private void awaitReceived(int count) {
        await().atMost(LONG_TIMEOUT).until(() -> received.get() == count);
    }

    private BackendCall call(Duration timeout, int images) {
        InputImageLoader loader = (inputs, call) -> {
            Future<Void> reserved = call.reserveInputMemory(images * IMAGE.size());
            started.incrementAndGet();
            return reserved.map(done -> {
                loaded.incrementAndGet();
                return new LoadedInputs(Collections.nCopies(images, IMAGE), null);
            });
        };
        return new BackendCall(timeout, JobReference.of(UUID.randomUUID()), JobListener.NONE, loader);
    }

    /** @param jobEnd what the call waits for after its response */
    private Future<BackendOutcome> submit(BackendCall call, Future<Void> jobEnd) {
        Future<BackendOutcome> outcome = http.run(
                "key",
                call,
                scope -> http.sendInputs(
                                scope,
                                INPUTS,
                                inputs -> new InlineImageBody(inputs.bytes(), true)
                                        .start(new JsonObject())
                                        .addAll("images", inputs.images())
                                        .end(),
                                body -> http.send(scope, HttpMethod.POST, http.target("/"), http.headers(scope), body))
                        .compose(response -> jobEnd)
                        .map(ended -> new BackendOutcome.Generated(List.of())));
        return outcome.onComplete(done -> call.release());
    }
}
