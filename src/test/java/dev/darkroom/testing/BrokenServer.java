package dev.darkroom.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

/** Servers with faults below HTTP, which no script of the simulator can produce: no connection, or no valid TLS or HTTP. */
public final class BrokenServer implements AutoCloseable {
    private static final String PASSWORD = "no secret";

    private final URI url;
    private final ServerSocket listening;
    private final List<Socket> acceptedSockets = new ArrayList<>();
    private volatile Instant firstClosedAt;

    private BrokenServer(URI url, ServerSocket listening) {
        this.url = url;
        this.listening = listening;
    }

    /** Behavior after the first byte of a connection. */
    private interface ConnectionBehavior {
        void serve(Socket socket) throws IOException;
    }

    /** Returns a port that refuses connections. Port 1 stays unused during the test. */
    public static BrokenServer refusingConnections() {
        return new BrokenServer(URI.create("http://127.0.0.1:1/v1"), null);
    }

    /** Returns a host name that never resolves (RFC 6761, section 6.4). */
    public static BrokenServer withUnknownHost() {
        return new BrokenServer(URI.create("http://no-such-host.invalid/v1"), null);
    }

    /** Returns a port with a full accept queue, so that the kernel does not respond to a TCP handshake. */
    public static BrokenServer acceptingNoMore() {
        try {
            BrokenServer broken = broken("http", listen(1));
            while (broken.acceptedSockets.size() < 16) {
                Socket socket = new Socket();
                broken.acceptedSockets.add(socket);
                try {
                    socket.connect(broken.listening.getLocalSocketAddress(), 300);
                } catch (SocketTimeoutException e) {
                    return broken;
                }
            }
            broken.close();
            throw new IllegalStateException("this kernel responds although the accept queue is full");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Accepts connections, reads all bytes and never responds. A TLS handshake therefore never ends. */
    public static BrokenServer neverResponding() {
        return start("https", listen(50), socket -> {});
    }

    /** Responds without TLS, although the URL has the scheme https. */
    public static BrokenServer withoutTls() {
        return respondingWith("https", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    }

    /** Responds with another protocol than HTTP. */
    public static BrokenServer sendingNoHttp() {
        return respondingWith("http", "SSH-2.0-OpenSSH_9.6\r\n");
    }

    /** Presents a self-signed certificate. */
    public static BrokenServer withUntrustedCertificate() {
        try {
            Path file = Files.createTempDirectory("darkroom-test").resolve("certificate");
            try {
                return start("https", tls(selfSigned(file)), socket -> {});
            } finally {
                TestDirectories.delete(file.getParent());
            }
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static BrokenServer respondingWith(String scheme, String response) {
        return start(
                scheme,
                listen(50),
                socket -> socket.getOutputStream().write(response.getBytes(StandardCharsets.US_ASCII)));
    }

    private static BrokenServer start(String scheme, ServerSocket listening, ConnectionBehavior connectionBehavior) {
        BrokenServer broken = broken(scheme, listening);
        Thread acceptThread = new Thread(() -> broken.accept(connectionBehavior), "broken server");
        acceptThread.setDaemon(true);
        acceptThread.start();
        return broken;
    }

    /** Serves one connection at a time. */
    private void accept(ConnectionBehavior connectionBehavior) {
        while (!listening.isClosed()) {
            try (Socket socket = listening.accept()) {
                InputStream in = socket.getInputStream();
                // Waits for the first byte. With TLS, this also completes the handshake.
                in.read();
                connectionBehavior.serve(socket);
                in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // The client closed the connection.
            }
            if (firstClosedAt == null) {
                firstClosedAt = Instant.now();
            }
        }
    }

    private static ServerSocket listen(int backlog) {
        try {
            return new ServerSocket(0, backlog, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static ServerSocket tls(KeyStore certificate) throws IOException, GeneralSecurityException {
        KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        keys.init(certificate, PASSWORD.toCharArray());
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);
        ServerSocket server = context.getServerSocketFactory().createServerSocket();
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        return server;
    }

    /** Creates a certificate with keytool, since the JDK has no API for that. */
    private static KeyStore selfSigned(Path file) throws IOException, GeneralSecurityException {
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        String[] command = {
            keytool.toString(),
            "-J-XX:TieredStopAtLevel=1",
            "-J-XX:+UseSerialGC",
            "-genkeypair",
            "-alias",
            "server",
            "-keyalg",
            "EC",
            "-dname",
            "CN=127.0.0.1",
            "-ext",
            "san=ip:127.0.0.1",
            "-storetype",
            "PKCS12",
            "-storepass",
            PASSWORD,
            "-keystore",
            file.toString()
        };
        Process keytoolProcess = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (!keytoolProcess.waitFor(60, TimeUnit.SECONDS) || keytoolProcess.exitValue() != 0) {
                throw new IllegalStateException("keytool failed");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
        return KeyStore.getInstance(file.toFile(), PASSWORD.toCharArray());
    }

    private static BrokenServer broken(String scheme, ServerSocket server) {
        return new BrokenServer(URI.create(scheme + "://127.0.0.1:" + server.getLocalPort() + "/v1"), server);
    }

    /** Returns the value for {@code DARKROOM_BACKEND_URL}. */
    public URI url() {
        return url;
    }

    /** Returns the time at which the client closed the first connection, or null. */
    public Instant firstClosedAt() {
        return firstClosedAt;
    }

    @Override
    public void close() {
        try {
            if (listening != null) {
                listening.close();
            }
            for (Socket socket : acceptedSockets) {
                socket.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
