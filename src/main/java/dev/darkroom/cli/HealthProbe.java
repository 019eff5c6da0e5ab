package dev.darkroom.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/**
 * The health check of the container image: {@code java -cp darkroom.jar dev.darkroom.cli.HealthProbe}. Requests {@code
 * /health/ready} of the management port on loopback, prints the response, and exits with 0 after status 200, otherwise with 1.
 *
 * <p>Not a command of {@link DarkroomCommandLine}, and without an HTTP client: it starts every few seconds, and these would
 * quadruple its processor time.
 */
public final class HealthProbe {
    private static final int TIMEOUT_MILLIS = 4000;
    private static final String DEFAULT_PORT = "8081";

    private HealthProbe() {}

    public static void main(String[] arguments) {
        String port = System.getenv("DARKROOM_MANAGEMENT_PORT");
        System.exit(check(Integer.parseInt(port == null || port.isBlank() ? DEFAULT_PORT : port.strip())));
    }

    /** Prints the response of a port, and returns the exit code. */
    static int check(int port) {
        try (Socket socket = new Socket()) {
            socket.setSoTimeout(TIMEOUT_MILLIS);
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), TIMEOUT_MILLIS);
            socket.getOutputStream()
                    .write("GET /health/ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            String response = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            System.out.println(
                    response.substring(response.indexOf("\r\n\r\n") + 1).strip());
            return response.startsWith("HTTP/1.1 200 ") ? 0 : 1;
        } catch (IOException e) {
            System.out.println("port " + port + ": " + e.getMessage());
            return 1;
        }
    }
}
