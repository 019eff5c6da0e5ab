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

/** Peers that make the server write and do not read, over real sockets and every protocol. */
@Timeout(180)
class UnreadResponsesTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration NEVER = Duration.ofDays(1);
    private static final int BUDGET = 1024 * 1024;
    private static final int ANSWER = 200 * 1024;

    /** Small socket buffers on both sides, so that an unread answer waits in the process. */
    private static final int SMALL = 4 * 1024;

    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    private static final Buffer BODY = Buffer.buffer("x".repeat(ANSWER));

    private final List<Socket> sockets = new ArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicLong highest = new AtomicLong();
    private final AtomicLong highestAnonymous = new AtomicLong();
    private InboundConnectionLimiter connections;
    private UnsentByteBudget budget;
    private Vertx vertx;

    @AfterEach
    void close() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        vertx.close().await(20, TimeUnit.SECONDS);
    }

    private void createServerState(Duration patience) {
        connections = new InboundConnectionLimiter(1_000, 0, BUDGET, patience);
        budget = connections.budget();
        vertx = Vertx.builder().withTransport(connections.transport()).build();
    }

    private int serve(Handler<HttpServerRequest> handler) throws Exception {
        return vertx.createHttpServer(new HttpServerOptions()
                        .setSendBufferSize(SMALL)
                        // As the API does. The handlers for it close a connection with more than 128 requests that
                        // wait.
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
        highest.accumulateAndGet(budget.used(), Math::max);
        highestAnonymous.accumulateAndGet(budget.anonymousUsed(), Math::max);
    }

    private Socket connect(int port) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.setReceiveBufferSize(SMALL);
        socket.setSoTimeout((int) PATIENCE.toMillis());
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
        Awaitility.await("requests").atMost(PATIENCE).until(() -> requests.get() >= count);
    }

    private void awaitOpen(int most) {
        Awaitility.await("aborted connections").atMost(PATIENCE).until(() -> connections.openConnections() <= most);
    }

    private void assertThatTheBudgetHeldAndIsReturned() throws IOException {
        assertThat(highest.get()).isBetween(1L, (long) BUDGET);
        assertThat(highestAnonymous.get()).isLessThanOrEqualTo(BUDGET / 2);
        for (Socket socket : sockets) {
            socket.close();
        }
        Awaitility.await("the return of all bytes").atMost(PATIENCE).until(() -> budget.used() == 0);
        assertThat(budget.anonymousUsed()).isZero();
    }

    @Test
    void http1AnswersKeepToTheBudget() throws Exception {
        // given
        createServerState(NEVER);
        int port = serve(request -> ResponseWriter.end(request, BODY));

        // when
        for (int i = 0; i < 30; i++) {
            sendRequest(port, "");
        }

        // then
        awaitRequests(30);
        // Half of the budget is for anonymous connections: two answers fit, and what was read of a third.
        awaitOpen(3);
        assertThatTheBudgetHeldAndIsReturned();
    }

    @Test
    void http2AnswersKeepToTheBudgetOnOneConnection() throws Exception {
        // given
        createServerState(NEVER);
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
        assertThatTheBudgetHeldAndIsReturned();
    }

    @Test
    void aStreamThatIsNotReadIsResetAndTheOthersGoOn() throws Exception {
        // given
        createServerState(Duration.ofSeconds(1));
        int port = serve(request -> ResponseWriter.end(request, Buffer.buffer("much more than nothing")));
        Socket socket = connect(port);

        // when
        send(socket, RawHttp2Frames.preface(0));
        send(socket, RawHttp2Frames.get(1));

        // then
        RawHttp2Frames frames = new RawHttp2Frames(socket);
        frames.await(RawHttp2Frames.RST_STREAM, 1);
        assertThat(connections.openConnections()).isEqualTo(1);
        send(socket, RawHttp2Frames.windowUpdate(3, 1_000, RawHttp2Frames.get(3)));
        frames.await(RawHttp2Frames.DATA, 3);
        Awaitility.await("the return of all bytes").atMost(PATIENCE).until(() -> budget.used() == 0);
    }

    @Test
    void anAnswerThatIsNeverReadEndsItsConnection() throws Exception {
        // given
        createServerState(Duration.ofSeconds(1));
        int port = serve(request -> ResponseWriter.end(request, BODY));

        // when
        sendRequest(port, "");

        // then
        awaitRequests(1);
        awaitOpen(0);
        assertThatTheBudgetHeldAndIsReturned();
    }

    @Test
    void aBodyThatAllShareCostsOnePieceForEach() throws Exception {
        // given
        createServerState(NEVER);
        int port = serve(request -> ResponseWriter.endShared(request, BODY));

        // when
        for (int i = 0; i < 6; i++) {
            sendRequest(port, "");
        }

        // then
        awaitRequests(6);
        assertThat(connections.openConnections()).isEqualTo(6);
        assertThat(highest.get()).isLessThanOrEqualTo(6L * (ResponseWriter.PIECE_BYTES + SMALL));
        assertThatTheBudgetHeldAndIsReturned();
    }

    @Test
    void aLargeAnswerArrivesWhole() throws Exception {
        // given
        createServerState(NEVER);
        int port = serve(request -> ResponseWriter.end(request, BODY));

        // when
        Socket socket = sendRequest(port, "Connection: close\r\n");

        // then
        byte[] answer = socket.getInputStream().readAllBytes();
        String head = new String(answer, 0, answer.length - ANSWER, StandardCharsets.US_ASCII);
        assertThat(head).startsWith("HTTP/1.1 200 ").containsIgnoringCase("content-length: " + ANSWER + "\r\n");
        assertThat(new String(answer, answer.length - ANSWER, ANSWER, StandardCharsets.US_ASCII))
                .isEqualTo(BODY.toString());
        Awaitility.await("the return of all bytes").atMost(PATIENCE).until(() -> budget.used() == 0);
    }

    @Test
    void anonymousPeersDoNotCostKnownOnesTheirAnswers() throws Exception {
        // given
        createServerState(NEVER);
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
        assertThat(alice.getInputStream().readAllBytes().length).isGreaterThan(ANSWER);
        assertThatTheBudgetHeldAndIsReturned();
    }

    @Test
    void theAddressOrUserThatHoldsTheMostPays() throws Exception {
        // given
        createServerState(NEVER);
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
        assertThat(alice.getInputStream().readAllBytes().length).isGreaterThan(ANSWER);
        assertThatTheBudgetHeldAndIsReturned();
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

    private void assertThatASenderThatReadsNothingIsAborted(Socket socket, byte[] frame) throws IOException {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int i = 0; i < 1_000; i++) {
            frames.writeBytes(frame);
        }
        Awaitility.await("the end of a connection").atMost(PATIENCE).until(() -> {
            sample();
            try {
                send(socket, frames.toByteArray());
                return false;
            } catch (IOException aborted) {
                return true;
            }
        });
        awaitOpen(0);
        assertThatTheBudgetHeldAndIsReturned();
    }

    @Test
    void aPingingWebSocketThatReadsNothingIsAborted() throws Exception {
        createServerState(Duration.ofSeconds(2));
        int port = serve(request -> request.toWebSocket().onSuccess(socket -> {}));
        Socket socket = sendRequest(
                port,
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
        assertThatASenderThatReadsNothingIsAborted(socket, webSocketPing());
    }

    @Test
    void nothingIsReadWhileThePeerReadsNothingAndEverythingAfterwards() throws Exception {
        // given
        createServerState(NEVER);
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
        Awaitility.await("the end of reading")
                .atMost(PATIENCE)
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
        assertThatTheBudgetHeldAndIsReturned();
    }

    @Test
    void aPingingHttp2ConnectionThatReadsNothingIsAborted() throws Exception {
        createServerState(Duration.ofSeconds(2));
        Socket socket = connect(serve(request -> request.response().end()));
        send(socket, RawHttp2Frames.preface(1));
        assertThatASenderThatReadsNothingIsAborted(socket, RawHttp2Frames.ping());
    }

    @Test
    void aPipeliningConnectionThatReadsNothingIsAborted() throws Exception {
        createServerState(Duration.ofSeconds(2));
        Socket socket = connect(serve(request -> ResponseWriter.end(request, Buffer.buffer("x".repeat(100)))));
        assertThatASenderThatReadsNothingIsAborted(socket, (GET + "\r\n").getBytes(StandardCharsets.US_ASCII));
    }
}
