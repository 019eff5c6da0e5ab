package dev.darkroom.backend.openai;

import static dev.darkroom.backend.openai.OpenAiImagesBackendTest.settings;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.darkroom.backend.Call;
import dev.darkroom.backend.Failure;
import dev.darkroom.backend.FailureClass;
import dev.darkroom.backend.ImageRequest;
import dev.darkroom.backend.Outcome;
import dev.darkroom.backend.http.AnswerMemory;
import dev.darkroom.image.Pictures;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** There is room for one large answer at a time. */
class LargeAnswersTest {
    private static final String GENERATIONS = "/v1/images/generations";
    private static final Duration PLENTY = Duration.ofSeconds(20);
    private static final int MIB = 1 << 20;
    private static final byte[] SMALL = Pictures.png(64, 48);
    private static final byte[] LARGE = Pictures.noise(600, 400);

    private Vertx vertx;
    private ScriptedServer server;
    private OpenAiImagesBackend backend;

    @BeforeEach
    void start() throws Exception {
        vertx = Vertx.vertx();
        server = ScriptedServer.start(vertx);
        AnswerMemory one = new AnswerMemory(4 * MIB, 4, MIB);
        backend = new OpenAiImagesBackend(vertx, settings(MIB, MIB), server.base(), one, 65_536);
    }

    @AfterEach
    void stop() throws Exception {
        get(backend.close());
        get(vertx.close());
    }

    @Test
    void aLargeAnswerWaitsUntilThePicturesOfAnotherAreOfNoMoreUse() throws Exception {
        // given
        server.on(
                GENERATIONS,
                server.pictures(LARGE),
                server.pictures(LARGE),
                server.pictures(SMALL),
                server.pictures(LARGE));
        Call first = new Call(PLENTY);
        assertThat(get(generate(first))).isInstanceOf(Outcome.Generated.class);

        // when
        Future<Outcome> waiting = generate(new Call(PLENTY));
        awaitRequests(2);
        Outcome small = get(generate(new Call(PLENTY)));

        // then
        assertThat(small).isInstanceOf(Outcome.Generated.class);
        assertThat(waiting.isComplete()).isFalse();

        // when
        first.finish();

        // then
        assertThat(get(waiting)).isInstanceOf(Outcome.Generated.class);
    }

    @Test
    void whoWaitsInVainIsNotTheServersFaultAndTakesNoRoomWithHim() throws Exception {
        // given
        server.on(GENERATIONS, server.pictures(LARGE));
        Call first = new Call(PLENTY);
        get(generate(first));

        // when
        Failure late = failed(get(generate(new Call(Duration.ofMillis(300)))));
        Call aborted = new Call(PLENTY);
        Future<Outcome> leaving = generate(aborted);
        awaitRequests(3);
        aborted.abort();

        // then
        assertThat(late.failureClass()).isEqualTo(FailureClass.INTERNAL);
        assertThat(late.code()).isEqualTo("NO_ROOM");
        assertThat(get(leaving)).isInstanceOf(Outcome.Aborted.class);
        await().atMost(60, TimeUnit.SECONDS).until(() -> server.openConnections() == 0);

        // when
        first.finish();

        // then
        assertThat(get(generate(new Call(PLENTY)))).isInstanceOf(Outcome.Generated.class);
    }

    @Test
    void whatFailsTakesNoRoomWithIt() throws Exception {
        // given
        byte[] broken = LARGE.clone();
        broken[LARGE.length / 2]++;
        server.on(
                GENERATIONS,
                server.flood(),
                server.pictures(broken),
                server.status(200, "x".repeat(900_000)),
                server.raw("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + "x".repeat(900_000)),
                server.pictures(LARGE));

        // then
        assertThat(failed(get(generate(new Call(PLENTY)))).code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertThat(failed(get(generate(new Call(PLENTY)))).code()).isEqualTo("NOT_A_PICTURE");
        assertThat(failed(get(generate(new Call(PLENTY)))).code()).isEqualTo("MALFORMED_RESPONSE");
        assertThat(failed(get(generate(new Call(PLENTY)))).code()).isEqualTo("CONNECTION_LOST");
        assertThat(get(generate(new Call(PLENTY)))).isInstanceOf(Outcome.Generated.class);
    }

    @Test
    void downloadsOfOneCallDoNotWaitForEachOther() throws Exception {
        // given
        byte[] half = Pictures.noise(400, 300);
        server.on(GENERATIONS, server.links(server.url("/a.png"), server.url("/b.png")));
        server.on("/a.png", server.bytes(200, Buffer.buffer(half)));
        server.on("/b.png", server.bytes(200, Buffer.buffer(half)));

        // then
        for (int i = 0; i < 3; i++) {
            Call call = new Call(PLENTY);
            assertThat(get(generate(call, 2))).isInstanceOf(Outcome.Generated.class);
            call.finish();
        }
    }

    @Test
    void downloadsOfOneCallTogetherMustNotBeTooLarge() throws Exception {
        // given
        server.on(GENERATIONS, server.links(server.url("/a.png"), server.url("/b.png")));
        server.on("/a.png", server.bytes(200, Buffer.buffer(LARGE)));
        server.on("/b.png", server.bytes(200, Buffer.buffer(LARGE)));

        // then
        assertThat(failed(get(generate(new Call(PLENTY), 2))).code()).isEqualTo("RESPONSE_TOO_LARGE");
    }

    private void awaitRequests(int count) {
        await().atMost(60, TimeUnit.SECONDS)
                .until(() -> server.requests(GENERATIONS).size() == count);
    }

    private Future<Outcome> generate(Call call) {
        return generate(call, 1);
    }

    private Future<Outcome> generate(Call call, int count) {
        return backend.generate(new ImageRequest("key", "a fox", null, 64, 48, count, 7, null), call);
    }

    private static Failure failed(Outcome outcome) {
        assertThat(outcome).isInstanceOf(Outcome.Failed.class);
        return ((Outcome.Failed) outcome).failure();
    }

    private static <T> T get(Future<T> future) throws Exception {
        return future.toCompletionStage().toCompletableFuture().get(30, TimeUnit.SECONDS);
    }
}
