package dev.darkroom.netty;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SelfSignedCertificate;
import io.vertx.core.streams.WriteStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Aborting ends connections with unsent data and a peer that does not read, over every protocol. */
@Timeout(240)
class NettyChannelsTest {
    private static final int BUFFER_SIZE = 4 * 1024;
    private static final Buffer BLOCK = Buffer.buffer("x".repeat(4_000));
    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";

    private final Vertx vertx = Vertx.vertx();
    private final CompletableFuture<Void> closed = new CompletableFuture<>();
    private final CompletableFuture<Runnable> abortAction = new CompletableFuture<>();
    private volatile Context eventLoop;
    private Socket client;

    @AfterEach
    void close() throws Exception {
        client.close();
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    /** Writes more than the connection accepts. */
    private void fill(WriteStream<Buffer> out, Runnable abort) {
        for (int i = 0; i < 1_000; i++) {
            out.write(BLOCK);
        }
        abortAction.complete(abort);
    }

    private int serve(HttpServerOptions options) throws Exception {
        return vertx.createHttpServer(options.setSendBufferSize(BUFFER_SIZE))
                .requestHandler(this::respond)
                .listen(0, "127.0.0.1")
                .await(60, TimeUnit.SECONDS)
                .actualPort();
    }

    private void respond(HttpServerRequest request) {
        eventLoop = vertx.getOrCreateContext();
        Runnable abort = () -> NettyChannels.abort(request.connection());
        if (request.getHeader("Upgrade") == null) {
            request.connection().closeHandler(end -> closed.complete(null));
            fill(request.response().setChunked(true), abort);
        } else {
            request.toWebSocket().onSuccess(socket -> {
                socket.closeHandler(end -> closed.complete(null));
                fill(socket, abort);
            });
        }
    }

    private void connect(Socket socket, int port, String request) throws IOException {
        client = socket;
        socket.setReceiveBufferSize(BUFFER_SIZE);
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
    }

    private void assertAbortClosesConnection() throws Exception {
        Runnable abort = abortAction.get(60, TimeUnit.SECONDS);
        assertThat(closed).isNotDone();
        abort.run();
        closed.get(60, TimeUnit.SECONDS);
    }

    @Test
    void abortsHttpConnection() throws Exception {
        connect(new Socket(), serve(new HttpServerOptions()), GET + "\r\n");
        assertAbortClosesConnection();
    }

    @Test
    void abortsTlsConnection() throws Exception {
        SelfSignedCertificate certificate = SelfSignedCertificate.create();
        int port = serve(new HttpServerOptions().setSsl(true).setKeyCertOptions(certificate.keyCertOptions()));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustEveryone()}, null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
        connect(socket, port, GET + "\r\n");
        assertAbortClosesConnection();
        certificate.delete();
    }

    @Test
    void abortsWebSocket() throws Exception {
        connect(
                new Socket(),
                serve(new HttpServerOptions()),
                GET + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        assertAbortClosesConnection();
    }

    @Test
    void ignoresClosedConnection() throws Exception {
        connect(new Socket(), serve(new HttpServerOptions()), GET + "\r\n");
        assertAbortClosesConnection();
        // A task of the event loop runs after the cleanup of the connection.
        Future.<Void>future(promise -> eventLoop.runOnContext(promise::complete))
                .await(60, TimeUnit.SECONDS);
        abortAction.get().run();
    }

    private static final class TrustEveryone implements X509TrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
