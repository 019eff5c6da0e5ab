package dev.darkroom.api.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Vertx;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Limits of accepted connections, over real sockets. */
@Timeout(240)
class InboundConnectionLimiterTest {
    private static final Duration DEADLINE = Duration.ofSeconds(30);

    private final List<Socket> sockets = new ArrayList<>();
    private InboundConnectionLimiter limiter;
    private Vertx vertx;

    @AfterEach
    void close() throws Exception {
        for (Socket socket : sockets) {
            socket.close();
        }
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private void limit(int maxConnections, int maxPerAddress) {
        limiter = new InboundConnectionLimiter(maxConnections, maxPerAddress, 1_000_000, DEADLINE);
        vertx = Vertx.builder().withTransport(limiter.transport()).build();
    }

    private int serve() throws Exception {
        return vertx.createHttpServer()
                .requestHandler(request -> request.response().end("hello"))
                .listen(0)
                .await(60, TimeUnit.SECONDS)
                .actualPort();
    }

    private Socket connect(String from, int port) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.bind(new InetSocketAddress(from, 0));
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        return socket;
    }

    /** Sends a request and returns whether it is served; false when the connection is closed instead. */
    private static boolean isServed(Socket socket) throws IOException {
        socket.setSoTimeout((int) DEADLINE.toMillis());
        try {
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            return socket.getInputStream().read() == 'H';
        } catch (SocketTimeoutException e) {
            throw new AssertionError("neither served nor closed", e);
        } catch (IOException e) {
            return false;
        }
    }

    @Test
    void closesConnectionsAboveTheLimitUntilOneEnds() throws Exception {
        // given
        limit(3, 0);
        int port = serve();
        for (int i = 0; i < 3; i++) {
            assertThat(isServed(connect("127.0.0.1", port))).isTrue();
        }

        // when
        Socket fourth = connect("127.0.0.1", port);

        // then
        assertThat(isServed(fourth)).isFalse();
        assertThat(limiter.openConnections()).isEqualTo(3);

        // when
        sockets.get(0).close();

        // then
        Awaitility.await().atMost(DEADLINE).until(() -> limiter.openConnections() == 2);
        assertThat(isServed(connect("127.0.0.1", port))).isTrue();
    }

    @Test
    void limitsEachAddress() throws Exception {
        // given
        limit(10, 2);
        int port = serve();
        assertThat(isServed(connect("127.0.0.1", port))).isTrue();
        assertThat(isServed(connect("127.0.0.1", port))).isTrue();

        // then
        assertThat(isServed(connect("127.0.0.1", port))).isFalse();
        assertThat(isServed(connect("127.0.0.2", port))).isTrue();
    }

    @Test
    void keepsSeparatePortReachable() throws Exception {
        // given
        limit(1, 0);
        int port = serve();
        int management = serve();
        limiter.countSeparately(management);
        assertThat(isServed(connect("127.0.0.1", port))).isTrue();
        assertThat(isServed(connect("127.0.0.1", port))).isFalse();

        // then
        assertThat(isServed(connect("127.0.0.1", management))).isTrue();
        assertThat(limiter.openConnections()).isEqualTo(1);
    }

    @Test
    void doesNotLimitExemptPort() throws Exception {
        // given
        limit(1, 1);
        int exemptPort = serve();
        limiter.exemptPort(exemptPort);

        // then
        for (int i = 0; i < 5; i++) {
            assertThat(isServed(connect("127.0.0.1", exemptPort))).isTrue();
        }
        assertThat(limiter.openConnections()).isZero();
    }
}
