package dev.darkroom.testing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Checks the network faults that other tests rely on, from the client's side, with an echo server behind the proxy. */
@Timeout(240)
class TcpProxyTest {
    private ServerSocket echo;
    private TcpProxy proxy;
    private Socket client;

    @BeforeEach
    void connect() throws IOException {
        echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread serving = new Thread(this::serve, "echo");
        serving.setDaemon(true);
        serving.start();
        proxy = new TcpProxy("127.0.0.1", echo.getLocalPort());
        client = connectToProxy();
        assertThat(echoed(client)).isEqualTo('x');
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        proxy.close();
        echo.close();
    }

    private void serve() {
        while (!echo.isClosed()) {
            try {
                Socket socket = echo.accept();
                Thread each = new Thread(() -> {
                    try (socket) {
                        socket.getInputStream().transferTo(socket.getOutputStream());
                    } catch (IOException e) {
                        // The client closed the connection.
                    }
                });
                each.setDaemon(true);
                each.start();
            } catch (IOException e) {
                // The test is over.
            }
        }
    }

    private Socket connectToProxy() throws IOException {
        Socket socket = new Socket("127.0.0.1", proxy.port());
        socket.setSoTimeout(5_000);
        return socket;
    }

    /** Sends a byte and returns the echoed byte, or -1 at the end of the stream. */
    private static int echoed(Socket socket) throws IOException {
        socket.getOutputStream().write('x');
        return socket.getInputStream().read();
    }

    @Test
    void closesConnectionsAndAcceptsNewOnes() throws IOException {
        // when
        proxy.closeConnections();

        // then
        assertThat(client.getInputStream().read()).isEqualTo(-1);
        try (Socket next = connectToProxy()) {
            assertThat(echoed(next)).isEqualTo('x');
        }
    }

    @Test
    void resetsConnectionsAndAcceptsNewOnes() throws IOException {
        // when
        proxy.resetConnections();

        // then
        assertThatThrownBy(() -> client.getInputStream().read())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
        try (Socket next = connectToProxy()) {
            assertThat(echoed(next)).isEqualTo('x');
        }
    }

    @Test
    void halfClosedConnectionStillAcceptsRequests() throws IOException {
        // when
        proxy.closeServerSide();

        // then
        assertThat(client.getInputStream().read()).isEqualTo(-1);
        client.getOutputStream().write(new byte[100_000]);
        try (Socket next = connectToProxy()) {
            assertThat(echoed(next)).isEqualTo('x');
        }
    }

    @Test
    void blackholeForwardsHeldBytesAfterResume() throws IOException {
        // when
        proxy.blackhole();

        // then
        client.setSoTimeout(200);
        assertThatThrownBy(() -> echoed(client)).isInstanceOf(SocketTimeoutException.class);

        // when
        proxy.resumeForwarding();

        // then
        client.setSoTimeout(5_000);
        assertThat(client.getInputStream().read()).isEqualTo('x');
    }

    @Test
    void delaysBothDirections() throws IOException {
        // when
        proxy.delay(Duration.ofMillis(100));
        long begin = System.nanoTime();

        // then
        assertThat(echoed(client)).isEqualTo('x');
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
        proxy.delay(Duration.ZERO);
        assertThat(echoed(client)).isEqualTo('x');
    }

    @Test
    void limitsBandwidth() throws IOException {
        // when
        proxy.setBytesPerSecond(20_000);
        long begin = System.nanoTime();
        client.getOutputStream().write(new byte[10_000]);

        // then half a second for the request; the response is not counted
        assertThat(client.getInputStream().readNBytes(10_000)).hasSize(10_000);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(Duration.ofMillis(500));
    }
}
