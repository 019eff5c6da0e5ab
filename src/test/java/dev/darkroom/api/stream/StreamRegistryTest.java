package dev.darkroom.api.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.testing.SseParser;
import dev.darkroom.testing.SseParser.Frame;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.json.JsonObject;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Event streams over real connections; the seconds pass when the test says so. */
@Timeout(60)
class StreamRegistryTest {
    private static final StreamRegistry.StreamTimings PACE = new StreamRegistry.StreamTimings(3, 5, 4, 1_000, 15_000);
    private static final Buffer FIRST = SseFrameEncoder.firstFrame("7f-16", 3000);

    /** Of the system's buffers, so that a test need not send megabytes until a reader who does not read is noticed. */
    private static final int SMALL = 16 * 1024;

    private final Vertx vertx = Vertx.vertx();
    private final Context loop = vertx.getOrCreateContext();
    private final List<Sender> senders = new CopyOnWriteArrayList<>();
    private final List<HttpClient> clients = new ArrayList<>();
    private StreamRegistry streams;
    private HttpServer server;

    /** The owner of one stream. */
    private static final class Sender implements SseStream.Producer {
        private final AtomicInteger drained = new AtomicInteger();
        private final AtomicInteger closed = new AtomicInteger();
        private SseStream stream;
        private volatile boolean gone;

        @Override
        public void onDrain() {
            drained.incrementAndGet();
        }

        @Override
        public void onClose() {
            closed.incrementAndGet();
        }

        @Override
        public JsonObject createPing() {
            return new JsonObject().put("top", 17);
        }
    }

    @BeforeEach
    void listen() throws Exception {
        server = on(() -> {
                    streams = new StreamRegistry(PACE, new Random(7) {
                        private static final long serialVersionUID = 1L;

                        @Override
                        public int nextInt(int bound) {
                            return 0;
                        }
                    });
                    return vertx.createHttpServer(new HttpServerOptions().setSendBufferSize(SMALL))
                            .requestHandler(request -> {
                                Sender sender = new Sender();
                                request.connection().closeHandler(gone -> sender.gone = true);
                                sender.stream = streams.open(request, FIRST, sender);
                                senders.add(sender);
                            });
                })
                .listen(0, "127.0.0.1")
                .await(60, TimeUnit.SECONDS);
    }

    @AfterEach
    void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private <T> T on(Callable<T> work) throws Exception {
        return Future.<T>future(promise -> loop.runOnContext(now -> {
                    try {
                        promise.complete(work.call());
                    } catch (Exception e) {
                        promise.fail(e);
                    }
                }))
                .await(60, TimeUnit.SECONDS);
    }

    private void seconds(int count) throws Exception {
        for (int i = 0; i < count; i++) {
            on(() -> {
                streams.tickAll();
                return null;
            });
        }
    }

    private void send(Sender sender, Buffer frame) throws Exception {
        on(() -> {
            sender.stream.send(frame);
            return null;
        });
    }

    /** With little room on the way, so that a queue is soon full when nobody reads. */
    private Reader read(HttpVersion version) throws Exception {
        return read(new HttpClientOptions().setReceiveBufferSize(SMALL).setProtocolVersion(version));
    }

    private Reader read(HttpClientOptions options) throws Exception {
        HttpClient client = vertx.createHttpClient(
                options.setHttp2ClearTextUpgrade(false),
                new PoolOptions().setHttp1MaxSize(50).setHttp2MaxSize(1));
        clients.add(client);
        int before = senders.size();
        Reader reader = new Reader();
        // On one context from end to end: on another the first frames could come before their handler.
        Promise<HttpClientResponse> response = Promise.promise();
        vertx.runOnContext(go -> client.request(HttpMethod.GET, server.actualPort(), "127.0.0.1", "/")
                .compose(request -> request.send())
                .onSuccess(reader::takes)
                .onComplete(response));
        response.future().await(60, TimeUnit.SECONDS);
        eventually("the stream is open", () -> senders.size() > before);
        reader.sender = senders.get(before);
        return reader;
    }

    private static void eventually(String what, Callable<Boolean> true_) {
        Awaitility.await(what)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(true_);
    }

    /** One who reads. */
    private static final class Reader {
        private final List<Frame> frames = new CopyOnWriteArrayList<>();
        private final SseParser parser = new SseParser("", frames::add);
        private volatile HttpClientResponse response;
        private volatile boolean ended;
        private volatile boolean broken;
        private Sender sender;

        private void takes(HttpClientResponse answer) {
            response = answer;
            answer.handler(bytes -> parser.feed(bytes.getBytes()))
                    .endHandler(end -> ended = true)
                    .exceptionHandler(failure -> broken = true);
        }

        private void gets(Frame... expected) {
            eventually("frames", () -> frames.size() >= expected.length);
            assertThat(frames).containsExactly(expected);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void tellsWhatItIsAndThenFrames(HttpVersion version) throws Exception {
        // given
        Reader reader = read(version);

        // when
        send(reader.sender, SseFrameEncoder.event("7f-17", "notification", new JsonObject().put("a", "x\n\nevent: y")));
        send(reader.sender, SseFrameEncoder.eventWithoutId("state", new JsonObject()));

        // then
        reader.gets(
                new Frame("7f-16", "message", ""),
                new Frame("7f-17", "notification", "{\"a\":\"x\\n\\nevent: y\"}"),
                new Frame("7f-17", "state", "{}"));
        assertThat(reader.parser.retryMs()).isEqualTo(3000);
        assertThat(reader.response.version()).isEqualTo(version);
        assertThat(reader.response.statusCode()).isEqualTo(200);
        assertThat(reader.response.getHeader("Content-Type")).isEqualTo("text/event-stream");
        assertThat(reader.response.getHeader("Cache-Control")).isEqualTo("no-store");
        assertThat(reader.response.getHeader("X-Accel-Buffering")).isEqualTo("no");
    }

    @Test
    void livesOnWhenThereIsNothingToSay() throws Exception {
        // given
        Reader reader = read(HttpVersion.HTTP_1_1);

        // when
        seconds(2);
        send(reader.sender, SseFrameEncoder.eventWithoutId("state", new JsonObject()));
        seconds(2);
        assertThat(reader.parser.comments()).isZero();
        seconds(1);

        // then
        reader.gets(
                new Frame("7f-16", "message", ""),
                new Frame("7f-16", "state", "{}"),
                new Frame("7f-16", "ping", "{\"top\":17}"));
        seconds(3);
        eventually("a comment", () -> reader.parser.comments() == 1);
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void whoDoesNotReadIsWaitedForAndThenCutOff(HttpVersion version) throws Exception {
        // given
        Reader slow = read(version);
        Reader other = read(version);
        slow.response.pause();
        fill(slow.sender);

        // when
        seconds(PACE.slowConsumerSeconds() - 1);
        assertThat(slow.sender.closed).hasValue(0);
        seconds(1);

        // then
        eventually("the end", () -> slow.sender.closed.get() == 1);
        assertThat(on(() -> slow.sender.stream.isFull())).isTrue();
        send(slow.sender, FIRST);
        assertThat(other.sender.closed).hasValue(0);
        assertThat(streams.size()).isEqualTo(1);
        slow.response.resume();
        eventually("the reader notices", () -> slow.broken);
    }

    @Test
    void anHttp2ConnectionThatReadsNothingAtAllIsCutOffToo() throws Exception {
        // given one that lets us send whatever we like
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(SMALL);
            socket.connect(new InetSocketAddress("127.0.0.1", server.actualPort()));
            OutputStream out = socket.getOutputStream();
            out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            // SETTINGS, INITIAL_WINDOW_SIZE; WINDOW_UPDATE of the connection; HEADERS of stream 1: GET http://a/
            out.write(HexFormat.of().parseHex("000006040000000000" + "00047fffffff"));
            out.write(HexFormat.of().parseHex("000004080000000000" + "7fff0000"));
            out.write(HexFormat.of().parseHex("000006010500000001" + "828684" + "410161"));
            eventually("the stream is open", () -> senders.size() == 1);
            Sender sender = senders.get(0);
            fill(sender);

            // when
            seconds(PACE.slowConsumerSeconds());

            // then
            assertThat(sender.closed).hasValue(1);
            eventually("the connection is gone", () -> sender.gone);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void whoReadsAgainIsToldTheRest(HttpVersion version) throws Exception {
        // given
        Reader slow = read(version);
        slow.response.pause();
        int sent = fill(slow.sender);
        seconds(PACE.slowConsumerSeconds() - 1);
        int drained = slow.sender.drained.get();

        // when
        slow.response.resume();

        // then
        eventually("room", () -> slow.sender.drained.get() > drained);
        seconds(PACE.slowConsumerSeconds());
        assertThat(slow.sender.closed).hasValue(0);
        eventually(
                "all of it",
                () -> slow.frames.stream()
                                .filter(frame -> frame.event().equals("filler"))
                                .count()
                        == sent);
    }

    /** The network takes some more each time; it has had enough when nothing moves any more. */
    private int fill(Sender sender) {
        Buffer large = SseFrameEncoder.eventWithoutId("filler", new JsonObject().put("x", "x".repeat(4000)));
        AtomicInteger sent = new AtomicInteger();
        Awaitility.await("a full queue")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .during(Duration.ofMillis(200))
                .until(() -> on(() -> {
                    boolean still = sender.stream.isFull();
                    while (!sender.stream.isFull()) {
                        sender.stream.send(large);
                        sent.incrementAndGet();
                    }
                    return still;
                }));
        return sent.get();
    }

    @Test
    void manyWhoDoNotReadCostLittleAndNobodyElseAnything() throws Exception {
        // given
        List<Reader> dead = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Reader reader = read(HttpVersion.HTTP_1_1);
            reader.response.pause();
            dead.add(reader);
        }
        // With the usual room: in a small one the system throws away what it has no memory for, and is long in sending
        // it again.
        Reader alive = read(new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_1_1));
        Buffer frame = SseFrameEncoder.eventWithoutId("filler", new JsonObject().put("x", "x".repeat(4000)));
        int rounds = 200;

        // when
        AtomicInteger sent = new AtomicInteger();
        for (int round = 1; round <= rounds; round++) {
            int expected = round + 1;
            on(() -> {
                for (Reader reader : dead) {
                    if (!reader.sender.stream.isFull()) {
                        reader.sender.stream.send(frame);
                        sent.incrementAndGet();
                    }
                }
                alive.sender.stream.send(frame);
                return null;
            });
            eventually("who reads hears everything", () -> alive.frames.size() == expected);
        }

        // then
        assertThat(sent.get() * 4000L / dead.size()).isLessThan(rounds * 4000L / 2);
        assertThat(on(() -> dead.stream().allMatch(reader -> reader.sender.stream.isFull())))
                .isTrue();
        seconds(PACE.slowConsumerSeconds());
        assertThat(streams.size()).isEqualTo(1);
        assertThat(dead).allSatisfy(reader -> assertThat(reader.sender.closed).hasValue(1));
        eventually(
                "their connections are gone, with what they did not read",
                () -> dead.stream().allMatch(reader -> reader.sender.gone));
        assertThat(alive.sender.gone).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void saysFarewellWithATimeToComeBack(HttpVersion version) throws Exception {
        // given
        Reader reader = read(version);

        // when
        on(() -> {
            reader.sender.stream.closeWithReason("DEPLOY");
            reader.sender.stream.closeWithReason("TWICE");
            return null;
        });

        // then
        eventually("the end", () -> reader.ended);
        assertThat(reader.sender.closed).hasValue(1);
        assertThat(reader.parser.retryMs()).isBetween(1_000, 15_000);
        reader.gets(
                new Frame("7f-16", "message", ""),
                new Frame("7f-16", "bye", "{\"reason\":\"DEPLOY\",\"retryMs\":" + reader.parser.retryMs() + "}"));
        assertThat(streams.size()).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void noticesThatTheReaderHasLeft(HttpVersion version) throws Exception {
        // given
        Reader reader = read(version);
        Reader other = read(version);

        // when
        clients.get(0).close().await(60, TimeUnit.SECONDS);

        // then
        eventually("the owner is told", () -> reader.sender.closed.get() == 1);
        assertThat(streams.size()).isEqualTo(1);
        send(reader.sender, FIRST);
        send(other.sender, SseFrameEncoder.eventWithoutId("state", new JsonObject()));
        other.gets(new Frame("7f-16", "message", ""), new Frame("7f-16", "state", "{}"));
    }

    @Test
    void dismissesAFewEverySecondAndWhoComesMeanwhileAtOnce() throws Exception {
        // given
        for (int i = 0; i < 5; i++) {
            read(HttpVersion.HTTP_1_1);
        }

        // when
        Future<Void> done = on(() -> streams.closeAll("DEPLOY", 3));

        // then
        assertThat(streams.size()).isEqualTo(3);
        Reader late = read(HttpVersion.HTTP_1_1);
        eventually("the end", () -> late.ended);
        seconds(1);
        assertThat(streams.size()).isEqualTo(1);
        assertThat(done.isComplete()).isFalse();
        seconds(1);
        done.await(60, TimeUnit.SECONDS);
        assertThat(senders).allSatisfy(sender -> assertThat(sender.closed).hasValue(1));
    }

    @Test
    void aFieldIsOneLine() {
        // then
        assertThatThrownBy(() -> SseFrameEncoder.event("1\ndata: x", "notification", new JsonObject()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SseFrameEncoder.eventWithoutId("a\rb", new JsonObject()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
