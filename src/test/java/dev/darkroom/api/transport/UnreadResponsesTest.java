package dev.darkroom.api.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.Channel;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Peers that request responses and do not read them, over real sockets and every protocol. */
@Timeout(180)
class UnreadResponsesTest {
    private static final Duration DEADLINE = Duration.ofSeconds(60);
    private static final Duration NO_STALL_TIMEOUT = Duration.ofDays(1);
    private static final int BUDGET = 1024 * 1024;
    private static final int RESPONSE_BYTES = 200 * 1024;

    /** Small socket buffers on both sides, so that an unread response stays in the process. */
    private static final int BUFFER_BYTES = 4 * 1024;

    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    private static final Buffer BODY = Buffer.buffer("x".repeat(RESPONSE_BYTES));

    private final List<Socket> sockets = new ArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicLong maxUsed = new AtomicLong();
    private final AtomicLong maxAnonymousUsed = new AtomicLong();
    private InboundConnectionLimiter limiter;
    private UnsentByteBudget budget;
    private Vertx vertx;

    @AfterEach
    void close() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    private void createServerState(Duration stallTimeout) {
        limiter = new InboundConnectionLimiter(1_000, 0, BUDGET, stallTimeout);
        budget = limiter.budget();
        vertx = Vertx.builder().withTransport(limiter.transport()).build();
    }

    private int serve(Handler<HttpServerRequest> handler) throws Exception {
        return vertx.createHttpServer(new HttpServerOptions()
                        .setSendBufferSize(BUFFER_BYTES)
                        // As in ApiVerticle: with compression Vert.x closes a connection with more than 128 queued
                        // requests.
                        .setPerFrameWebSocketCompressionSupported(false)
                        .setPerMessageWebSocketCompressionSupported(false)
                        .setInitialSettings(new Http2Settings().setMaxConcurrentStreams(32)))
                .requestHandler(request -> {
                    handler.handle(request);
                    requests.incrementAndGet();
                    sample();
                })
                .listen(0, "127.0.0.1")
                .await(20, TimeUnit.SECONDS)
                .actualPort();
    }

    private void sample() {
        maxUsed.accumulateAndGet(budget.used(), Math::max);
        maxAnonymousUsed.accumulateAndGet(budget.anonymousUsed(), Math::max);
    }

    private Socket connect(int port) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.setReceiveBufferSize(BUFFER_BYTES);
        socket.setSoTimeout((int) DEADLINE.toMillis());
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        return socket;
    }

    private Socket sendRequest(int port, String headers) throws IOException {
        Socket socket = connect(port);
        send(socket, (GET + headers + "\r\n").getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private static void send(Socket socket, byte[] bytes) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(bytes);
        out.flush();
    }

    private void awaitRequests(int count) {
        Awaitility.await("requests").atMost(DEADLINE).until(() -> requests.get() >= count);
    }

    private void awaitOpen(int maxConnections) {
        Awaitility.await("aborted connections")
                .atMost(DEADLINE)
                .until(() -> limiter.openConnections() <= maxConnections);
    }

    private void assertBudgetKeptAndReleased() throws IOException {
        assertThat(maxUsed.get()).isBetween(1L, (long) BUDGET);
        assertThat(maxAnonymousUsed.get()).isLessThanOrEqualTo(BUDGET / 2);
        for (Socket socket : sockets) {
            socket.close();
        }
        Awaitility.await("the return of all bytes").atMost(DEADLINE).until(() -> budget.used() == 0);
        assertThat(budget.anonymousUsed()).isZero();
    }

    @Test
    void http1ResponsesStayWithinTheBudget() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> ResponseWriter.end(request, BODY));

        // when
        for (int i = 0; i < 30; i++) {
            sendRequest(port, "");
        }

        // then
        awaitRequests(30);
        // Half of the budget is for anonymous connections: two responses fit, and a partly sent third one.
        awaitOpen(3);
        assertBudgetKeptAndReleased();
    }

    @Test
    void http2ResponsesOfOneConnectionStayWithinTheBudget() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> ResponseWriter.end(request, BODY));
        Socket socket = connect(port);

        // when
        send(socket, RawHttp2Frames.preface(0));
        for (int i = 0; i < 30; i++) {
            try {
                send(socket, RawHttp2Frames.get(1 + 2 * i));
            } catch (IOException aborted) {
                break;
            }
        }

        // then
        awaitRequests(3);
        awaitOpen(0);
        assertBudgetKeptAndReleased();
    }

    @Test
    void resetsOnlyTheUnreadHttp2Stream() throws Exception {
        // given
        createServerState(Duration.ofSeconds(1));
        int port = serve(request -> ResponseWriter.end(request, Buffer.buffer("a response")));
        Socket socket = connect(port);

        // when
        send(socket, RawHttp2Frames.preface(0));
        send(socket, RawHttp2Frames.get(1));

        // then
        RawHttp2Frames frames = new RawHttp2Frames(socket);
        frames.await(RawHttp2Frames.RST_STREAM, 1);
        assertThat(limiter.openConnections()).isEqualTo(1);
        send(socket, RawHttp2Frames.windowUpdate(3, 1_000, RawHttp2Frames.get(3)));
        frames.await(RawHttp2Frames.DATA, 3);
        Awaitility.await("the return of all bytes").atMost(DEADLINE).until(() -> budget.used() == 0);
    }

    @Test
    void abortsConnectionWithUnreadResponse() throws Exception {
        // given
        createServerState(Duration.ofSeconds(1));
        int port = serve(request -> ResponseWriter.end(request, BODY));

        // when
        sendRequest(port, "");

        // then
        awaitRequests(1);
        awaitOpen(0);
        assertBudgetKeptAndReleased();
    }

    @Test
    void chargesOnePiecePerResponseForSharedBody() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> ResponseWriter.endShared(request, BODY));

        // when
        for (int i = 0; i < 6; i++) {
            sendRequest(port, "");
        }

        // then
        awaitRequests(6);
        assertThat(limiter.openConnections()).isEqualTo(6);
        assertThat(maxUsed.get()).isLessThanOrEqualTo(6L * (ResponseWriter.PIECE_BYTES + BUFFER_BYTES));
        assertBudgetKeptAndReleased();
    }

    @Test
    void sendsLargeResponseCompletely() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> ResponseWriter.end(request, BODY));

        // when
        Socket socket = sendRequest(port, "Connection: close\r\n");

        // then
        byte[] response = socket.getInputStream().readAllBytes();
        String head = new String(response, 0, response.length - RESPONSE_BYTES, StandardCharsets.US_ASCII);
        assertThat(head).startsWith("HTTP/1.1 200 ").containsIgnoringCase("content-length: " + RESPONSE_BYTES + "\r\n");
        assertThat(new String(response, response.length - RESPONSE_BYTES, RESPONSE_BYTES, StandardCharsets.US_ASCII))
                .isEqualTo(BODY.toString());
        Awaitility.await("the return of all bytes").atMost(DEADLINE).until(() -> budget.used() == 0);
    }

    @Test
    void anonymousConnectionsDoNotAbortIdentifiedOnes() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> {
            if (request.getHeader("Authorization") != null) {
                UnsentByteTracker.of(request.connection()).identify("alice");
            }
            ResponseWriter.end(request, BODY);
        });
        Socket alice = sendRequest(port, "Authorization: alice\r\nConnection: close\r\n");
        awaitRequests(1);

        // when
        for (int i = 0; i < 30; i++) {
            sendRequest(port, "");
        }
        awaitRequests(31);

        // then
        assertThat(alice.getInputStream().readAllBytes().length).isGreaterThan(RESPONSE_BYTES);
        assertBudgetKeptAndReleased();
    }

    @Test
    void abortsConnectionsOfTheLargestOwner() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        int port = serve(request -> {
            UnsentByteTracker.of(request.connection()).identify(request.getHeader("Authorization"));
            ResponseWriter.end(request, BODY);
        });
        Socket alice = sendRequest(port, "Authorization: alice\r\nConnection: close\r\n");
        awaitRequests(1);

        // when
        for (int i = 0; i < 20; i++) {
            sendRequest(port, "Authorization: mallory\r\n");
        }
        awaitRequests(21);

        // then
        assertThat(alice.getInputStream().readAllBytes().length).isGreaterThan(RESPONSE_BYTES);
        assertBudgetKeptAndReleased();
    }

    private static String readLine(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            assertThat(c).isNotNegative();
            line.append((char) c);
        }
        return line.toString().trim();
    }

    private static byte[] webSocketPing() {
        byte[] ping = new byte[106];
        ping[0] = (byte) 0x89;
        ping[1] = (byte) (0x80 | 100);
        return ping;
    }

    private void assertAbortsSenderThatDoesNotRead(Socket socket, byte[] frame) throws IOException {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int i = 0; i < 1_000; i++) {
            frames.writeBytes(frame);
        }
        Awaitility.await("the connection is aborted").atMost(DEADLINE).until(() -> {
            sample();
            try {
                send(socket, frames.toByteArray());
                return false;
            } catch (IOException aborted) {
                return true;
            }
        });
        awaitOpen(0);
        assertBudgetKeptAndReleased();
    }

    @Test
    void abortsPingingWebSocketThatDoesNotRead() throws Exception {
        createServerState(Duration.ofSeconds(2));
        int port = serve(request -> request.toWebSocket().onSuccess(socket -> {}));
        Socket socket = sendRequest(
                port,
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        assertAbortsSenderThatDoesNotRead(socket, webSocketPing());
    }

    @Test
    void readsNothingWhileThePeerDoesNotReadAndResumesAfterwards() throws Exception {
        // given
        createServerState(NO_STALL_TIMEOUT);
        AtomicReference<Channel> channel = new AtomicReference<>();
        int port = serve(request -> {
            channel.set(ConnectionAborter.channel(request.connection()));
            request.toWebSocket().onSuccess(socket -> {});
        });
        Socket socket = sendRequest(
                port,
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        awaitRequests(1);
        int pings = 100_000;
        Thread sender = new Thread(() -> {
            try {
                for (int i = 0; i < pings; i++) {
                    send(socket, webSocketPing());
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });

        // when
        sender.start();

        // then
        Awaitility.await("the server stops reading")
                .atMost(DEADLINE)
                .until(() ->
                        !channel.get().isWritable() && !channel.get().config().isAutoRead());
        sample();

        // when
        DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream()));
        String head = readLine(in);
        while (!head.isEmpty()) {
            head = readLine(in);
        }

        // then
        in.readFully(new byte[pings * (2 + 100)]);
        sender.join();
        assertThat(channel.get().config().isAutoRead()).isTrue();
        assertBudgetKeptAndReleased();
    }

    @Test
    void abortsPingingHttp2ConnectionThatDoesNotRead() throws Exception {
        createServerState(Duration.ofSeconds(2));
        Socket socket = connect(serve(request -> request.response().end()));
        send(socket, RawHttp2Frames.preface(1));
        assertAbortsSenderThatDoesNotRead(socket, RawHttp2Frames.ping());
    }

    @Test
    void abortsPipeliningConnectionThatDoesNotRead() throws Exception {
        createServerState(Duration.ofSeconds(2));
        Socket socket = connect(serve(request -> ResponseWriter.end(request, Buffer.buffer("x".repeat(100)))));
        assertAbortsSenderThatDoesNotRead(socket, (GET + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }
}
