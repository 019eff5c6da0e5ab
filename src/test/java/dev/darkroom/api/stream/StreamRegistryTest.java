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

/** SSE streams over real connections. The test calls {@link StreamRegistry#tickAll} in place of the timer. */
@Timeout(240)
class StreamRegistryTest {
    private static final StreamRegistry.StreamTimings TIMINGS =
            new StreamRegistry.StreamTimings(3, 5, 4, 1_000, 15_000);
    private static final Buffer FIRST = SseFrameEncoder.firstFrame("7f-16", 3000);

    /** Size of socket buffers: a stream to a client that does not read is full after kilobytes instead of megabytes. */
    private static final int SMALL_BUFFER_BYTES = 16 * 1024;

    private final Vertx vertx = Vertx.vertx();
    private final Context eventLoop = vertx.getOrCreateContext();
    private final List<Sender> senders = new CopyOnWriteArrayList<>();
    private final List<HttpClient> clients = new ArrayList<>();
    private StreamRegistry streams;
    private HttpServer server;

    /** The producer of one stream. */
    private static final class Sender implements SseStream.Producer {
        private final AtomicInteger drained = new AtomicInteger();
        private final AtomicInteger closed = new AtomicInteger();
        private SseStream stream;
        private volatile boolean disconnected;

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
            return new JsonObject().put("lastSeq", 17);
        }
    }

    @BeforeEach
    void listen() throws Exception {
        server = onEventLoop(() -> {
                    streams = new StreamRegistry(TIMINGS, new Random(7) {
                        private static final long serialVersionUID = 1L;

                        @Override
                        public int nextInt(int bound) {
                            return 0;
                        }
                    });
                    return vertx.createHttpServer(new HttpServerOptions().setSendBufferSize(SMALL_BUFFER_BYTES))
                            .requestHandler(request -> {
                                Sender sender = new Sender();
                                request.connection().closeHandler(closed -> sender.disconnected = true);
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

    private <T> T onEventLoop(Callable<T> task) throws Exception {
        return Future.<T>future(promise -> eventLoop.runOnContext(ignored -> {
                    try {
                        promise.complete(task.call());
                    } catch (Exception e) {
                        promise.fail(e);
                    }
                }))
                .await(60, TimeUnit.SECONDS);
    }

    private void tick(int seconds) throws Exception {
        for (int i = 0; i < seconds; i++) {
            onEventLoop(() -> {
                streams.tickAll();
                return null;
            });
        }
    }

    private void send(Sender sender, Buffer frame) throws Exception {
        onEventLoop(() -> {
            sender.stream.send(frame);
            return null;
        });
    }

    /** Uses small socket buffers, so that the write queue is soon full when the client does not read. */
    private Reader connect(HttpVersion version) throws Exception {
        return connect(
                new HttpClientOptions().setReceiveBufferSize(SMALL_BUFFER_BYTES).setProtocolVersion(version));
    }

    private Reader connect(HttpClientOptions options) throws Exception {
        HttpClient client = vertx.createHttpClient(
                options.setHttp2ClearTextUpgrade(false),
                new PoolOptions().setHttp1MaxSize(50).setHttp2MaxSize(1));
        clients.add(client);
        int before = senders.size();
        Reader reader = new Reader();
        // Runs on one context: on two, the first frames could arrive before their handler is set.
        Promise<HttpClientResponse> response = Promise.promise();
        vertx.runOnContext(ignored -> client.request(HttpMethod.GET, server.actualPort(), "127.0.0.1", "/")
                .compose(request -> request.send())
                .onSuccess(reader::receive)
                .onComplete(response));
        response.future().await(60, TimeUnit.SECONDS);
        eventually("the stream is open", () -> senders.size() > before);
        reader.sender = senders.get(before);
        return reader;
    }

    private static void eventually(String description, Callable<Boolean> condition) {
        Awaitility.await(description)
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .until(condition);
    }

    /** A client of one stream. */
    private static final class Reader {
        private final List<Frame> frames = new CopyOnWriteArrayList<>();
        private final SseParser parser = new SseParser("", frames::add);
        private volatile HttpClientResponse response;
        private volatile boolean ended;
        private volatile boolean broken;
        private Sender sender;

        private void receive(HttpClientResponse clientResponse) {
            response = clientResponse;
            clientResponse
                    .handler(bytes -> parser.feed(bytes.getBytes()))
                    .endHandler(end -> ended = true)
                    .exceptionHandler(failure -> broken = true);
        }

        private void assertFrames(Frame... expected) {
            eventually("frames", () -> frames.size() >= expected.length);
            assertThat(frames).containsExactly(expected);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void sendsHeadersAndFrames(HttpVersion version) throws Exception {
        // given
        Reader reader = connect(version);

        // when
        send(reader.sender, SseFrameEncoder.event("7f-17", "notification", new JsonObject().put("a", "x\n\nevent: y")));
        send(reader.sender, SseFrameEncoder.eventWithoutId("unreadState", new JsonObject()));

        // then
        reader.assertFrames(
                new Frame("7f-16", "message", ""),
                new Frame("7f-17", "notification", "{\"a\":\"x\\n\\nevent: y\"}"),
                new Frame("7f-17", "unreadState", "{}"));
        assertThat(reader.parser.retryMs()).isEqualTo(3000);
        assertThat(reader.response.version()).isEqualTo(version);
        assertThat(reader.response.statusCode()).isEqualTo(200);
        assertThat(reader.response.getHeader("Content-Type")).isEqualTo("text/event-stream");
        assertThat(reader.response.getHeader("Cache-Control")).isEqualTo("no-store");
        assertThat(reader.response.getHeader("X-Accel-Buffering")).isEqualTo("no");
    }

    @Test
    void sendsPingsAndCommentsWhenIdle() throws Exception {
        // given
        Reader reader = connect(HttpVersion.HTTP_1_1);

        // when
        tick(2);
        send(reader.sender, SseFrameEncoder.eventWithoutId("unreadState", new JsonObject()));
        tick(2);
        assertThat(reader.parser.comments()).isZero();
        tick(1);

        // then
        reader.assertFrames(
                new Frame("7f-16", "message", ""),
                new Frame("7f-16", "unreadState", "{}"),
                new Frame("7f-16", "ping", "{\"lastSeq\":17}"));
        tick(3);
        eventually("a comment", () -> reader.parser.comments() == 1);
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void abortsSlowConsumerAfterTimeout(HttpVersion version) throws Exception {
        // given
        Reader slow = connect(version);
        Reader other = connect(version);
        slow.response.pause();
        fill(slow.sender);

        // when
        tick(TIMINGS.slowConsumerSeconds() - 1);
        assertThat(slow.sender.closed).hasValue(0);
        tick(1);

        // then
        eventually("the end", () -> slow.sender.closed.get() == 1);
        assertThat(onEventLoop(() -> slow.sender.stream.isFull())).isTrue();
        send(slow.sender, FIRST);
        assertThat(other.sender.closed).hasValue(0);
        assertThat(streams.size()).isEqualTo(1);
        slow.response.resume();
        eventually("the reader notices", () -> slow.broken);
    }

    @Test
    void abortsHttp2ConnectionThatReadsNothing() throws Exception {
        // given a connection with flow-control windows that never limit the server
        try (Socket socket = new Socket()) {
            socket.setReceiveBufferSize(SMALL_BUFFER_BYTES);
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
            tick(TIMINGS.slowConsumerSeconds());

            // then
            assertThat(sender.closed).hasValue(1);
            eventually("the connection is closed", () -> sender.disconnected);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void sendsQueuedFramesWhenClientReadsAgain(HttpVersion version) throws Exception {
        // given
        Reader slow = connect(version);
        slow.response.pause();
        int sent = fill(slow.sender);
        tick(TIMINGS.slowConsumerSeconds() - 1);
        int drained = slow.sender.drained.get();

        // when
        slow.response.resume();

        // then
        eventually("room", () -> slow.sender.drained.get() > drained);
        tick(TIMINGS.slowConsumerSeconds());
        assertThat(slow.sender.closed).hasValue(0);
        eventually(
                "all frames",
                () -> slow.frames.stream()
                                .filter(frame -> frame.event().equals("filler"))
                                .count()
                        == sent);
    }

    /** Sends until the queue has been full for 200 ms: the socket buffers accept more data for a while. */
    private int fill(Sender sender) {
        Buffer large = SseFrameEncoder.eventWithoutId("filler", new JsonObject().put("x", "x".repeat(4000)));
        AtomicInteger sent = new AtomicInteger();
        Awaitility.await("a full queue")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(10))
                .during(Duration.ofMillis(200))
                .until(() -> onEventLoop(() -> {
                    boolean full = sender.stream.isFull();
                    while (!sender.stream.isFull()) {
                        sender.stream.send(large);
                        sent.incrementAndGet();
                    }
                    return full;
                }));
        return sent.get();
    }

    @Test
    void boundsQueuesOfManySlowConsumersWithoutDelayingOthers() throws Exception {
        // given
        List<Reader> slow = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Reader reader = connect(HttpVersion.HTTP_1_1);
            reader.response.pause();
            slow.add(reader);
        }
        // Uses the default buffers: with small ones the kernel drops segments and retransmits them slowly.
        Reader reading = connect(new HttpClientOptions().setProtocolVersion(HttpVersion.HTTP_1_1));
        Buffer frame = SseFrameEncoder.eventWithoutId("filler", new JsonObject().put("x", "x".repeat(4000)));
        int rounds = 200;

        // when
        AtomicInteger sent = new AtomicInteger();
        for (int round = 1; round <= rounds; round++) {
            int expected = round + 1;
            onEventLoop(() -> {
                for (Reader reader : slow) {
                    if (!reader.sender.stream.isFull()) {
                        reader.sender.stream.send(frame);
                        sent.incrementAndGet();
                    }
                }
                reading.sender.stream.send(frame);
                return null;
            });
            eventually("the reading client received all frames", () -> reading.frames.size() == expected);
        }

        // then
        assertThat(sent.get() * 4000L / slow.size()).isLessThan(rounds * 4000L / 2);
        assertThat(onEventLoop(() -> slow.stream().allMatch(reader -> reader.sender.stream.isFull())))
                .isTrue();
        tick(TIMINGS.slowConsumerSeconds());
        assertThat(streams.size()).isEqualTo(1);
        assertThat(slow).allSatisfy(reader -> assertThat(reader.sender.closed).hasValue(1));
        eventually(
                "the connections of the slow consumers are closed",
                () -> slow.stream().allMatch(reader -> reader.sender.disconnected));
        assertThat(reading.sender.disconnected).isFalse();
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void sendsByeWithRetryDelay(HttpVersion version) throws Exception {
        // given
        Reader reader = connect(version);

        // when
        onEventLoop(() -> {
            reader.sender.stream.closeWithReason("SHUTDOWN");
            reader.sender.stream.closeWithReason("TWICE");
            return null;
        });

        // then
        eventually("the end", () -> reader.ended);
        assertThat(reader.sender.closed).hasValue(1);
        assertThat(reader.parser.retryMs()).isBetween(1_000, 15_000);
        reader.assertFrames(
                new Frame("7f-16", "message", ""),
                new Frame("7f-16", "close", "{\"reason\":\"SHUTDOWN\",\"retryMs\":" + reader.parser.retryMs() + "}"));
        assertThat(streams.size()).isZero();
    }

    @ParameterizedTest
    @EnumSource(names = {"HTTP_1_1", "HTTP_2"})
    void closesStreamWhenClientDisconnects(HttpVersion version) throws Exception {
        // given
        Reader reader = connect(version);
        Reader other = connect(version);

        // when
        clients.get(0).close().await(60, TimeUnit.SECONDS);

        // then
        eventually("the producer is notified", () -> reader.sender.closed.get() == 1);
        assertThat(streams.size()).isEqualTo(1);
        send(reader.sender, FIRST);
        send(other.sender, SseFrameEncoder.eventWithoutId("unreadState", new JsonObject()));
        other.assertFrames(new Frame("7f-16", "message", ""), new Frame("7f-16", "unreadState", "{}"));
    }

    @Test
    void closesAllInBatchesAndNewStreamsAtOnce() throws Exception {
        // given
        for (int i = 0; i < 5; i++) {
            connect(HttpVersion.HTTP_1_1);
        }

        // when
        Future<Void> done = onEventLoop(() -> streams.closeAll("SHUTDOWN", 3));

        // then
        assertThat(streams.size()).isEqualTo(3);
        Reader late = connect(HttpVersion.HTTP_1_1);
        eventually("the end", () -> late.ended);
        tick(1);
        assertThat(streams.size()).isEqualTo(1);
        assertThat(done.isComplete()).isFalse();
        tick(1);
        done.await(60, TimeUnit.SECONDS);
        assertThat(senders).allSatisfy(sender -> assertThat(sender.closed).hasValue(1));
    }

    @Test
    void rejectsFieldWithLineBreak() {
        // then
        assertThatThrownBy(() -> SseFrameEncoder.event("1\ndata: x", "notification", new JsonObject()))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> SseFrameEncoder.eventWithoutId("a\rb", new JsonObject()))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
