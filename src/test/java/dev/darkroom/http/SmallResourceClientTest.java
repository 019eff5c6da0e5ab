package dev.darkroom.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.http.OutboundHttpClient.ConnectionLimits;
import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.OutboundUrl;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SelfSignedCertificate;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.codec.BodyCodec;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Requests, limits and connections of {@link SmallResourceClient}. */
class SmallResourceClientTest {
    private static final Duration LONG = Duration.ofSeconds(60);
    private static final int MAX_BYTES = 1_000;
    private static final String ENDLESS = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n";

    private static Vertx vertx;

    @BeforeAll
    static void open() {
        vertx = Vertx.vertx();
    }

    @AfterAll
    static void close() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    /** Responds to one request and reads the connection to its end. */
    private static final class SingleResponseServer implements AutoCloseable {
        private final ServerSocket serverSocket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        private final CompletableFuture<List<String>> request = new CompletableFuture<>();
        private final CompletableFuture<Boolean> reset = new CompletableFuture<>();

        SingleResponseServer(String response) throws IOException {
            Thread thread = new Thread(() -> serve(response), "single-response-server");
            thread.setDaemon(true);
            thread.start();
        }

        private void serve(String response) {
            try (Socket socket = serverSocket.accept()) {
                BufferedReader in = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
                List<String> lines = new ArrayList<>();
                for (String line = in.readLine(); !line.isEmpty(); line = in.readLine()) {
                    lines.add(line);
                }
                request.complete(lines);
                socket.getOutputStream().write(response.getBytes(US_ASCII));
                reset.complete(in.read() >= 0);
            } catch (SocketException e) {
                reset.complete(true);
            } catch (IOException e) {
                reset.completeExceptionally(e);
            }
        }

        /** Returns the request line and the headers. */
        List<String> request() throws Exception {
            return request.get(60, TimeUnit.SECONDS);
        }

        /** Waits for the end of the connection. Returns true when it was a TCP reset. */
        boolean reset() throws Exception {
            return reset.get(60, TimeUnit.SECONDS);
        }

        @Override
        public void close() throws IOException {
            serverSocket.close();
        }
    }

    private static Future<HttpResponse<String>> get(SingleResponseServer server, Duration timeout) {
        HttpDestination httpDestination = HttpDestination.configured(
                OutboundUrl.of(URI.create("http://127.0.0.1:" + server.serverSocket.getLocalPort() + "/a?b=%2F")));
        return new SmallResourceClient(vertx, timeout, 65_536, MAX_BYTES)
                .get(
                        httpDestination,
                        MultiMap.caseInsensitiveMultiMap().add("Accept", "application/json"),
                        BodyCodec.string());
    }

    @Test
    void sendsTheHeadersOfAllOutboundRequests() throws Exception {
        try (SingleResponseServer server =
                new SingleResponseServer("HTTP/1.1 203 Fine\r\nContent-Length: 2\r\n\r\nok")) {
            HttpResponse<String> response = get(server, LONG).await(60, TimeUnit.SECONDS);

            assertThat(response.statusCode()).isEqualTo(203);
            assertThat(response.body()).isEqualTo("ok");
            assertThat(server.request())
                    .containsExactlyInAnyOrder(
                            "GET /a?b=%2F HTTP/1.1",
                            "Host: 127.0.0.1:" + server.serverSocket.getLocalPort(),
                            "User-Agent: Darkroom",
                            "Accept: application/json",
                            "Accept-Encoding: identity",
                            "connection: close");
            assertThat(server.reset()).isFalse();
        }
    }

    @Test
    void abortsTheConnectionWhenTheBodyExceedsTheTimeout() throws Exception {
        try (SingleResponseServer server = new SingleResponseServer(ENDLESS)) {
            Future<HttpResponse<String>> response = get(server, Duration.ofSeconds(1));

            assertThatThrownBy(() -> response.await(60, TimeUnit.SECONDS))
                    .isInstanceOf(TimeoutException.class)
                    .hasMessage("no response within 1000 ms");
            assertThat(server.reset()).isTrue();
        }
    }

    @Test
    void abortsTheConnectionWhenTheHeadExceedsTheTimeout() throws Exception {
        try (SingleResponseServer server = new SingleResponseServer("")) {
            Future<HttpResponse<String>> response = get(server, Duration.ofSeconds(1));

            assertThatThrownBy(() -> response.await(60, TimeUnit.SECONDS)).isInstanceOf(TimeoutException.class);
            assertThat(server.reset()).isTrue();
        }
    }

    @Test
    void abortsTheConnectionWhenTheBodyIsTooLarge() throws Exception {
        String chunk = "3e8\r\n" + " ".repeat(MAX_BYTES) + "\r\n";
        try (SingleResponseServer server = new SingleResponseServer(ENDLESS + chunk)) {
            Future<HttpResponse<String>> response = get(server, LONG);

            assertThatThrownBy(() -> response.await(60, TimeUnit.SECONDS))
                    .hasMessage("response body larger than 1000 bytes");
            assertThat(server.reset()).isTrue();
        }
    }

    @Test
    void acceptsTheLargestBody() throws Exception {
        String body = " ".repeat(MAX_BYTES);
        try (SingleResponseServer server =
                new SingleResponseServer("HTTP/1.1 200 OK\r\nContent-Length: " + MAX_BYTES + "\r\n\r\n" + body)) {
            assertThat(get(server, LONG).await(60, TimeUnit.SECONDS).body()).isEqualTo(body);
        }
    }

    @Test
    void abortsAnOldConnection() {
        ConnectionLimits limits = new ConnectionLimits(Duration.ofSeconds(5), MAX_BYTES);
        EmbeddedChannel connection = new EmbeddedChannel();
        connection.freezeTime();
        connection.pipeline().addLast(new SingleExchangeHandler(limits));
        connection.advanceTimeBy(4_999, TimeUnit.MILLISECONDS);
        connection.runScheduledPendingTasks();
        assertThat(connection.isOpen()).isTrue();

        connection.advanceTimeBy(1, TimeUnit.MILLISECONDS);
        connection.runScheduledPendingTasks();

        assertThat(connection.isOpen()).isFalse();
        assertThatThrownBy(connection::checkException)
                .isInstanceOf(TimeoutException.class)
                .hasMessage("no response within 5000 ms");
    }

    @Test
    void rejectsASecondRequestOnAConnection() {
        EmbeddedChannel connection = new EmbeddedChannel(new SingleExchangeHandler(ConnectionLimits.NONE));
        DefaultFullHttpRequest request = new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/");
        connection.writeOneOutbound(request.retain());
        assertThat(connection.isOpen()).isTrue();

        connection.writeOneOutbound(request);

        assertThat(connection.isOpen()).isFalse();
    }

    @Test
    void acceptsOnlyCertificatesOfTheHost() throws Exception {
        SelfSignedCertificate certificate = SelfSignedCertificate.create("issuer.example.org");
        HttpServerOptions tls = new HttpServerOptions().setSsl(true).setKeyCertOptions(certificate.keyCertOptions());
        HttpServer server = vertx.createHttpServer(tls)
                .requestHandler(request -> request.response().end("ok"))
                .listen(0, "127.0.0.1")
                .await(60, TimeUnit.SECONDS);
        try {
            SmallResourceClient trusting =
                    new SmallResourceClient(vertx, LONG, 65_536, MAX_BYTES, certificate.trustOptions());
            SmallResourceClient other = new SmallResourceClient(vertx, LONG, 65_536, MAX_BYTES);

            assertThat(getTls(trusting, "issuer.example.org", server.actualPort())
                            .await(60, TimeUnit.SECONDS)
                            .body())
                    .isEqualTo("ok");
            assertThatThrownBy(() -> getTls(trusting, "others.example.org", server.actualPort())
                            .await(60, TimeUnit.SECONDS))
                    .hasMessageContaining("SSL");
            assertThatThrownBy(() -> getTls(other, "issuer.example.org", server.actualPort())
                            .await(60, TimeUnit.SECONDS))
                    .hasMessageContaining("SSL");
        } finally {
            server.close().await(60, TimeUnit.SECONDS);
            certificate.delete();
        }
    }

    /** Sends a request for a host name to the loopback address. */
    private static Future<HttpResponse<String>> getTls(SmallResourceClient client, String host, int port) {
        HttpDestination httpDestination = new HttpDestination(
                OutboundUrl.of(true, host, port, "/"), List.of(SocketAddress.inetSocketAddress(port, "127.0.0.1")));
        return client.get(httpDestination, MultiMap.caseInsensitiveMultiMap(), BodyCodec.string());
    }
}
