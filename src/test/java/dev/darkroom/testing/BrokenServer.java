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

/** Servers to which no connection can be made, or none that is of any use: what no script of an AI server can do. */
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

    /** What is done with a connection. */
    private interface ConnectionBehavior {
        void serve(Socket socket) throws IOException;
    }

    /** A port on which nobody listens, nor will while the test runs. */
    public static BrokenServer refusingConnections() {
        return new BrokenServer(URI.create("http://127.0.0.1:1/v1"), null);
    }

    /** A name that means no host, now or ever (RFC 6761, section 6.4). */
    public static BrokenServer withUnknownHost() {
        return new BrokenServer(URI.create("http://no-such-host.invalid/v1"), null);
    }

    /** A port whose queue of connections is full, so that the kernel leaves a TCP handshake without an answer. */
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
            throw new IllegalStateException("this kernel answers however full the queue is");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Takes connections and whatever is sent on them, and never says a word: to TLS a handshake without end. */
    public static BrokenServer neverResponding() {
        return start("https", listen(50), socket -> {});
    }

    /** Speaks no TLS, though its address says so. */
    public static BrokenServer withoutTls() {
        return respondingWith("https", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    }

    /** Speaks, but not HTTP. */
    public static BrokenServer sendingNoHttp() {
        return respondingWith("http", "SSH-2.0-OpenSSH_9.6\r\n");
    }

    /** Shows a certificate that it has signed itself. */
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

    private static BrokenServer respondingWith(String scheme, String answer) {
        return start(
                scheme,
                listen(50),
                socket -> socket.getOutputStream().write(answer.getBytes(StandardCharsets.US_ASCII)));
    }

    private static BrokenServer start(String scheme, ServerSocket listening, ConnectionBehavior connectionBehavior) {
        BrokenServer broken = broken(scheme, listening);
        Thread accepting = new Thread(() -> broken.accept(connectionBehavior), "broken server");
        accepting.setDaemon(true);
        accepting.start();
        return broken;
    }

    /** One at a time, which is enough. */
    private void accept(ConnectionBehavior connectionBehavior) {
        while (!listening.isClosed()) {
            try (Socket socket = listening.accept()) {
                InputStream in = socket.getInputStream();
                // The first byte, or, with TLS, the end of the handshake.
                in.read();
                connectionBehavior.serve(socket);
                in.transferTo(OutputStream.nullOutputStream());
            } catch (IOException e) {
                // They have left, in whatever way.
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

    /** The JDK makes certificates with its tool alone. */
    private static KeyStore selfSigned(Path file) throws IOException, GeneralSecurityException {
        Path keytool = Path.of(System.getProperty("java.home"), "bin", "keytool");
        String[] command = {
            keytool.toString(),
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
        Process making = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            if (!making.waitFor(60, TimeUnit.SECONDS) || making.exitValue() != 0) {
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

    /** What {@code DARKROOM_BACKEND_URL} has to be. */
    public URI url() {
        return url;
    }

    /** When the first connection was closed by whoever had made it; null when none was. */
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
