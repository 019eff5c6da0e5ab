package dev.darkroom.e2e;

import static dev.darkroom.testing.ProblemAssertions.assertProblem;
import static org.assertj.core.api.Assertions.assertThat;

import dev.darkroom.testing.ApiClient.ApiResponse;
import dev.darkroom.testing.DarkroomExtension;
import dev.darkroom.testing.DarkroomInstanceSettings;
import dev.darkroom.testing.RawHttpClient;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** Clients that keep sending but never finish the request. */
@Timeout(300)
@Execution(ExecutionMode.CONCURRENT)
class SlowRequestIT {
    @RegisterExtension
    static final DarkroomExtension service = new DarkroomExtension(DarkroomInstanceSettings.forTests()
            .with("DARKROOM_HTTP_REQUEST_TIMEOUT", "5s")
            .with("DARKROOM_HTTP_IDLE_TIMEOUT", "10s")
            .with("DARKROOM_GENERATION_MAX_WAIT", "1s"));

    private static Socket connect() throws IOException {
        Socket socket = new Socket(
                service.darkroom().api().getHost(), service.darkroom().api().getPort());
        socket.setSoTimeout(100);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        OutputStream out = socket.getOutputStream();
        out.write(text.getBytes(StandardCharsets.US_ASCII));
        out.flush();
    }

    /** Sends a byte and returns whether the connection is closed. */
    private static boolean isClosedAfterSending(Socket socket) {
        try {
            send(socket, "x");
            return socket.getInputStream().read() < 0;
        } catch (java.net.SocketTimeoutException e) {
            return false;
        } catch (IOException e) {
            return true;
        }
    }

    private static Duration timeUntilClosed(Socket socket) {
        long start = System.nanoTime();
        Awaitility.await("the end of the connection")
                .atMost(Duration.ofSeconds(60))
                .pollInterval(Duration.ofMillis(200))
                .until(() -> isClosedAfterSending(socket));
        return Duration.ofNanos(System.nanoTime() - start);
    }

    @Test
    void closesConnectionOfEndlessHead() throws IOException {
        try (Socket socket = connect()) {
            send(socket, "GET /api/generation HTTP/1.1\r\nX: ");
            assertThat(timeUntilClosed(socket)).isGreaterThan(Duration.ofSeconds(3));
        }
        assertThat(service.client().get("/api/generation").status()).isEqualTo(200);
    }

    @Test
    void closesIdleConnectionToManagementPort() throws IOException {
        try (Socket socket = new Socket(
                service.darkroom().management().getHost(),
                service.darkroom().management().getPort())) {
            socket.setSoTimeout(40_000);
            assertThat(socket.getInputStream().read()).isNegative();
        }
    }

    @Test
    void closesConnectionOfEndlessNextHead() throws IOException {
        try (Socket socket = connect()) {
            // given a request that got its response
            send(socket, "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Awaitility.await("the response")
                    .atMost(Duration.ofSeconds(60))
                    .until(() -> socket.getInputStream().available() > 0);
            socket.getInputStream().skipNBytes(socket.getInputStream().available());

            // then
            send(socket, "GET /api/generation HTTP/1.1\r\nX: ");
            assertThat(timeUntilClosed(socket)).isGreaterThan(Duration.ofSeconds(3));
        }
    }

    @Test
    void respondsToEndlessBody() throws Exception {
        try (RawHttpClient slow = new RawHttpClient(service.darkroom().api())) {
            // given
            slow.send(RawHttpClient.utf8Bytes("POST /api/generation HTTP/1.1\r\nHost: localhost\r\n"
                    + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"));

            // when
            AtomicReference<ApiResponse> response = new AtomicReference<>();
            Thread reader = new Thread(() -> response.set(slow.readResponse()));
            reader.start();
            Awaitility.await("a response")
                    .atMost(Duration.ofSeconds(60))
                    .pollInterval(Duration.ofMillis(100))
                    .until(() -> {
                        if (response.get() == null) {
                            slow.send(new byte[] {' '});
                        }
                        return response.get() != null;
                    });

            // then
            assertProblem(response.get(), 408, "request-timeout", "/api/generation");
            assertThat(response.get().header("Connection")).isEqualToIgnoringCase("close");
        }
    }
}
