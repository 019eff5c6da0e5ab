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

/** The faults of the network that other tests rely on, each seen from the caller, before a server that says what it hears. */
@Timeout(30)
class TcpProxyTest {
    private ServerSocket echo;
    private TcpProxy proxy;
    private Socket caller;

    @BeforeEach
    void connect() throws IOException {
        echo = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread serving = new Thread(this::serve, "echo");
        serving.setDaemon(true);
        serving.start();
        proxy = new TcpProxy("127.0.0.1", echo.getLocalPort());
        caller = call();
        assertThat(echoed(caller)).isEqualTo('x');
    }

    @AfterEach
    void close() throws IOException {
        caller.close();
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
                        // They have left.
                    }
                });
                each.setDaemon(true);
                each.start();
            } catch (IOException e) {
                // The test is over.
            }
        }
    }

    private Socket call() throws IOException {
        Socket socket = new Socket("127.0.0.1", proxy.port());
        socket.setSoTimeout(5_000);
        return socket;
    }

    /** Sends a byte; the one that comes back, or -1. */
    private static int echoed(Socket socket) throws IOException {
        socket.getOutputStream().write('x');
        return socket.getInputStream().read();
    }

    @Test
    void cutConnectionsEndAndNewOnesAreWell() throws IOException {
        // when
        proxy.closeConnections();

        // then
        assertThat(caller.getInputStream().read()).isEqualTo(-1);
        try (Socket next = call()) {
            assertThat(echoed(next)).isEqualTo('x');
        }
    }

    @Test
    void resetConnectionsBreakWithoutAnEnd() throws IOException {
        // when
        proxy.resetConnections();

        // then
        assertThatThrownBy(() -> caller.getInputStream().read())
                .isInstanceOf(SocketException.class)
                .hasMessageContaining("reset");
        try (Socket next = call()) {
            assertThat(echoed(next)).isEqualTo('x');
        }
    }

    @Test
    void aHalfClosedConnectionSaysNoMoreAndListensStill() throws IOException {
        // when
        proxy.closeServerSide();

        // then
        assertThat(caller.getInputStream().read()).isEqualTo(-1);
        caller.getOutputStream().write(new byte[100_000]);
        try (Socket next = call()) {
            assertThat(echoed(next)).isEqualTo('x');
        }
    }

    @Test
    void silenceKeepsWhatWasSentUntilItIsOver() throws IOException {
        // when
        proxy.blackhole();

        // then
        caller.setSoTimeout(200);
        assertThatThrownBy(() -> echoed(caller)).isInstanceOf(SocketTimeoutException.class);

        // when
        proxy.resumeForwarding();

        // then
        caller.setSoTimeout(5_000);
        assertThat(caller.getInputStream().read()).isEqualTo('x');
    }

    @Test
    void aLongWayTakesItsTimeBothWays() throws IOException {
        // when
        proxy.delay(Duration.ofMillis(100));
        long begin = System.nanoTime();

        // then
        assertThat(echoed(caller)).isEqualTo('x');
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(Duration.ofMillis(200));
        proxy.delay(Duration.ZERO);
        assertThat(echoed(caller)).isEqualTo('x');
    }

    @Test
    void aNarrowWayLetsNoMoreThrough() throws IOException {
        // when
        proxy.setBytesPerSecond(20_000);
        long begin = System.nanoTime();
        caller.getOutputStream().write(new byte[10_000]);

        // then half a second there, and the last of it still has to come back
        assertThat(caller.getInputStream().readNBytes(10_000)).hasSize(10_000);
        assertThat(Duration.ofNanos(System.nanoTime() - begin)).isGreaterThanOrEqualTo(Duration.ofMillis(500));
    }
}
