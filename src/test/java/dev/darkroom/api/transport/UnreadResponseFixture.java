package dev.darkroom.api.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.Http2Settings;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;

/** Server with small socket buffers and a budget of unsent bytes, and sockets that do not read; for one test at a time. */
abstract class UnreadResponseFixture {
    static final Duration DEADLINE = Duration.ofSeconds(60);
    static final Duration NO_STALL_TIMEOUT = Duration.ofDays(1);
    private static final int BUDGET = 1024 * 1024;

    /** Small socket buffers on both sides, so that an unread response stays in the process. */
    static final int BUFFER_BYTES = 4 * 1024;

    static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";

    private final List<Socket> sockets = new ArrayList<>();
    private final AtomicInteger requests = new AtomicInteger();
    final AtomicLong maxUsed = new AtomicLong();
    private final AtomicLong maxAnonymousUsed = new AtomicLong();
    private InboundConnectionLimiter limiter;
    private UnsentByteBudget budget;
    private Vertx vertx;

    @AfterEach
    void close() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    final void createServerState(Duration stallTimeout) {
        limiter = new InboundConnectionLimiter(1_000, 0, BUDGET, stallTimeout);
        budget = limiter.budget();
        vertx = Vertx.builder().withTransport(limiter.transport()).build();
    }

    final int serve(Handler<HttpServerRequest> handler) throws Exception {
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
                .await(60, TimeUnit.SECONDS)
                .actualPort();
    }

    final void sample() {
        maxUsed.accumulateAndGet(budget.used(), Math::max);
        maxAnonymousUsed.accumulateAndGet(budget.anonymousUsed(), Math::max);
    }

    final Socket connect(int port) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.setReceiveBufferSize(BUFFER_BYTES);
        socket.setSoTimeout((int) DEADLINE.toMillis());
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        return socket;
    }

    final Socket sendRequest(int port, String headers) throws IOException {
        Socket socket = connect(port);
        send(socket, (GET + headers + "\r\n").getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    static void send(Socket socket, byte[] bytes) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(bytes);
        out.flush();
    }

    final void awaitRequests(int count) {
        Awaitility.await("requests").atMost(DEADLINE).until(() -> requests.get() >= count);
    }

    final void awaitOpen(int maxConnections) {
        Awaitility.await("aborted connections")
                .atMost(DEADLINE)
                .until(() -> limiter.openConnections() <= maxConnections);
    }

    final int openConnections() {
        return limiter.openConnections();
    }

    final void awaitAllBytesReleased() {
        Awaitility.await("the release of all bytes").atMost(DEADLINE).until(() -> budget.used() == 0);
    }

    /** Checks the budget during the test, closes all sockets and waits for the release of their bytes. */
    final void assertBudgetKeptAndReleased() throws IOException {
        assertThat(maxUsed.get()).isBetween(1L, (long) BUDGET);
        assertThat(maxAnonymousUsed.get()).isLessThanOrEqualTo(BUDGET / 2);
        for (Socket socket : sockets) {
            socket.close();
        }
        awaitAllBytesReleased();
        assertThat(budget.anonymousUsed()).isZero();
    }
}
