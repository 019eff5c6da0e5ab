package dev.darkroom.api.transport;

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

/** Connections whose other side reads nothing, with much that waits in them, end all the same, whatever is spoken on them. */
@Timeout(60)
class ConnectionAborterTest {
    private static final int SMALL = 4 * 1024;
    private static final Buffer MUCH = Buffer.buffer("x".repeat(4_000));
    private static final String GET = "GET / HTTP/1.1\r\nHost: localhost\r\n";

    private final Vertx vertx = Vertx.vertx();
    private final CompletableFuture<Void> gone = new CompletableFuture<>();
    private final CompletableFuture<Runnable> cutOff = new CompletableFuture<>();
    private volatile Context loop;
    private Socket client;

    @AfterEach
    void close() throws Exception {
        client.close();
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    /** Writes until no more is taken. */
    private void fill(WriteStream<Buffer> out, Runnable cut) {
        for (int i = 0; i < 1_000; i++) {
            out.write(MUCH);
        }
        cutOff.complete(cut);
    }

    private int serve(HttpServerOptions options) throws Exception {
        return vertx.createHttpServer(options.setSendBufferSize(SMALL))
                .requestHandler(this::answer)
                .listen(0, "127.0.0.1")
                .await(60, TimeUnit.SECONDS)
                .actualPort();
    }

    private void answer(HttpServerRequest request) {
        loop = vertx.getOrCreateContext();
        Runnable cut = () -> ConnectionAborter.abort(request.connection());
        if (request.getHeader("Upgrade") == null) {
            request.connection().closeHandler(closed -> gone.complete(null));
            fill(request.response().setChunked(true), cut);
        } else {
            request.toWebSocket().onSuccess(socket -> {
                socket.closeHandler(closed -> gone.complete(null));
                fill(socket, cut);
            });
        }
    }

    private void connect(Socket socket, int port, String says) throws IOException {
        client = socket;
        socket.setReceiveBufferSize(SMALL);
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        socket.getOutputStream().write(says.getBytes(StandardCharsets.ISO_8859_1));
    }

    private void assertThatItCanBeCutOff() throws Exception {
        Runnable cut = cutOff.get(60, TimeUnit.SECONDS);
        assertThat(gone).isNotDone();
        cut.run();
        gone.get(60, TimeUnit.SECONDS);
    }

    @Test
    void http() throws Exception {
        connect(new Socket(), serve(new HttpServerOptions()), GET + "\r\n");
        assertThatItCanBeCutOff();
    }

    @Test
    void https() throws Exception {
        SelfSignedCertificate certificate = SelfSignedCertificate.create();
        int port = serve(new HttpServerOptions().setSsl(true).setKeyCertOptions(certificate.keyCertOptions()));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Anybody()}, null);
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket();
        connect(socket, port, GET + "\r\n");
        assertThatItCanBeCutOff();
        certificate.delete();
    }

    @Test
    void webSocket() throws Exception {
        connect(
                new Socket(),
                serve(new HttpServerOptions()),
                GET + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                        + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
        assertThatItCanBeCutOff();
    }

    @Test
    void oneThatIsGoneAlready() throws Exception {
        connect(new Socket(), serve(new HttpServerOptions()), GET + "\r\n");
        assertThatItCanBeCutOff();
        // What the event loop does next comes after it has taken the connection apart.
        Future.<Void>future(promise -> loop.runOnContext(promise::complete)).await(60, TimeUnit.SECONDS);
        cutOff.get().run();
    }

    private static final class Anybody implements X509TrustManager {
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
