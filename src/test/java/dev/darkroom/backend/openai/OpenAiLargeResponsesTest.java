package dev.darkroom.backend.openai;

import static dev.darkroom.backend.openai.OpenAiBackendFixture.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.BackendCall;
import dev.darkroom.backend.BackendFailure;
import dev.darkroom.backend.BackendOutcome;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.InputImages;
import dev.darkroom.backend.http.ResponseMemoryBudget;
import dev.darkroom.image.TestImages;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Tests a memory budget with one permit, sufficient for one large response at a time. */
class OpenAiLargeResponsesTest {
    private static final String GENERATIONS = "/v1/images/generations";
    private static final Duration LONG_TIMEOUT = Duration.ofSeconds(20);
    private static final int MIB = 1 << 20;
    private static final byte[] SMALL = TestImages.png(64, 48);
    private static final byte[] LARGE = TestImages.noisePng(600, 400);

    private Vertx vertx;
    private ScriptedHttpServer server;
    private OpenAiImagesBackend backend;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx();
        server = ScriptedHttpServer.start(vertx);
        ResponseMemoryBudget onePermit = new ResponseMemoryBudget(4 * MIB, 4, MIB);
        backend = new OpenAiImagesBackend(vertx, settings(MIB, MIB), server.base(), onePermit, 65_536);
    }

    @AfterEach
    void stop() throws Exception {
        get(backend.close());
        get(vertx.close());
    }

    @Test
    void largeResponseWaitsForTheReleaseOfAnother() throws Exception {
        // given
        server.script(
                GENERATIONS,
                server.respondWithImages(LARGE),
                server.respondWithImages(LARGE),
                server.respondWithImages(SMALL),
                server.respondWithImages(LARGE));
        BackendCall first = new BackendCall(LONG_TIMEOUT);
        assertThat(get(generate(first))).isInstanceOf(BackendOutcome.Generated.class);

        // when
        Future<BackendOutcome> waiting = generate(new BackendCall(LONG_TIMEOUT));
        awaitRequests(2);
        BackendOutcome small = get(generate(new BackendCall(LONG_TIMEOUT)));

        // then
        assertThat(small).isInstanceOf(BackendOutcome.Generated.class);
        assertThat(waiting.isComplete()).isFalse();

        // when
        first.release();

        // then
        assertThat(get(waiting)).isInstanceOf(BackendOutcome.Generated.class);
    }

    @Test
    void waitingCallsEndWithoutLeakingMemory() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithImages(LARGE));
        BackendCall first = new BackendCall(LONG_TIMEOUT);
        get(generate(first));

        // when
        BackendFailure late = failed(get(generate(new BackendCall(Duration.ofMillis(300)))));
        BackendCall aborted = new BackendCall(LONG_TIMEOUT);
        Future<BackendOutcome> abortedCall = generate(aborted);
        awaitRequests(3);
        aborted.abort();

        // then
        assertThat(late.failureClass()).isEqualTo(FailureClass.INTERNAL);
        assertThat(late.code()).isEqualTo("RESPONSE_MEMORY_EXHAUSTED");
        assertThat(get(abortedCall)).isInstanceOf(BackendOutcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);

        // when
        first.release();

        // then
        assertThat(get(generate(new BackendCall(LONG_TIMEOUT)))).isInstanceOf(BackendOutcome.Generated.class);
    }

    @Test
    void failedCallsReleaseTheirMemory() throws Exception {
        // given
        byte[] broken = LARGE.clone();
        broken[LARGE.length / 2]++;
        server.script(
                GENERATIONS,
                server.sendEndlessBody(),
                server.respondWithImages(broken),
                server.respondWith(200, "x".repeat(900_000)),
                server.sendRaw("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(900_000)),
                server.respondWithImages(LARGE));

        // then
        assertThat(failed(get(generate(new BackendCall(LONG_TIMEOUT)))).code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertThat(failed(get(generate(new BackendCall(LONG_TIMEOUT)))).code()).isEqualTo("INVALID_IMAGE");
        assertThat(failed(get(generate(new BackendCall(LONG_TIMEOUT)))).code()).isEqualTo("MALFORMED_RESPONSE");
        assertThat(failed(get(generate(new BackendCall(LONG_TIMEOUT)))).code()).isEqualTo("CONNECTION_LOST");
        assertThat(get(generate(new BackendCall(LONG_TIMEOUT)))).isInstanceOf(BackendOutcome.Generated.class);
    }

    @Test
    void downloadsOfOneCallDoNotWaitForEachOther() throws Exception {
        // given
        byte[] half = TestImages.noisePng(400, 300);
        server.script(GENERATIONS, server.respondWithUrls(server.url("/a.png"), server.url("/b.png")));
        server.script("/a.png", server.bytes(200, Buffer.buffer(half)));
        server.script("/b.png", server.bytes(200, Buffer.buffer(half)));

        // then
        for (int i = 0; i < 3; i++) {
            BackendCall backendCall = new BackendCall(LONG_TIMEOUT);
            assertThat(get(generate(backendCall, 2))).isInstanceOf(BackendOutcome.Generated.class);
            backendCall.release();
        }
    }

    @Test
    void limitsTheTotalSizeOfTheDownloadsOfOneCall() throws Exception {
        // given
        server.script(GENERATIONS, server.respondWithUrls(server.url("/a.png"), server.url("/b.png")));
        server.script("/a.png", server.bytes(200, Buffer.buffer(LARGE)));
        server.script("/b.png", server.bytes(200, Buffer.buffer(LARGE)));

        // then
        assertThat(failed(get(generate(new BackendCall(LONG_TIMEOUT), 2))).code())
                .isEqualTo("RESPONSE_TOO_LARGE");
    }

    private void awaitRequests(int count) {
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> server.requests(GENERATIONS).size() == count);
    }

    private Future<BackendOutcome> generate(BackendCall backendCall) {
        return generate(backendCall, 1);
    }

    private Future<BackendOutcome> generate(BackendCall backendCall, int count) {
        return backend.generate(
                new ImageRequest("key", "a fox", null, 64, 48, count, 7, null, null, InputImages.NONE, 0), backendCall);
    }

    private static BackendFailure failed(BackendOutcome backendOutcome) {
        assertThat(backendOutcome).isInstanceOf(BackendOutcome.Failed.class);
        return ((BackendOutcome.Failed) backendOutcome).backendFailure();
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(60, TimeUnit.SECONDS);
    }
}
