package dev.darkroom.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.OutboundUrl;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.net.SelfSignedCertificate;
import io.vertx.core.net.SocketAddress;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Requests, limits and connections of {@link OutboundHttpClient}. */
class OutboundHttpClientTest {
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

    private static Future<OutboundResponse> get(SingleResponseServer server, Duration timeout) {
        OutboundUrl url =
                OutboundUrl.of(URI.create("http://127.0.0.1:" + server.serverSocket.getLocalPort() + "/a?b=%2F"));
        return send(new OutboundHttpClient(vertx, LONG, 65_536), RequestTarget.configured(url), timeout);
    }

    private static Future<OutboundResponse> send(OutboundHttpClient client, RequestTarget target, Duration timeout) {
        Promise<OutboundResponse> response = Promise.promise();
        OutboundRequest request = new OutboundRequest(
                HttpMethod.GET, target, MultiMap.caseInsensitiveMultiMap().add("Accept", "application/json"), null);
        ResponseLimits limits = new ResponseLimits(timeout, MAX_BYTES, ResponseMemory.UNLIMITED, true);
        vertx.runOnContext(
                now -> client.send(new HttpExchange(), request, limits).onComplete(response));
        return response.future();
    }

    @Test
    void sendsTheHeadersOfAllOutboundRequests() throws Exception {
        try (SingleResponseServer server =
                new SingleResponseServer("HTTP/1.1 203 Fine\r\nContent-Length: 2\r\n\r\nok")) {
            OutboundResponse response = get(server, LONG).await(60, TimeUnit.SECONDS);

            assertThat(response.status()).isEqualTo(203);
            assertThat(response.bodyText()).isEqualTo("ok");
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
            Future<OutboundResponse> response = get(server, Duration.ofSeconds(1));

            assertThatThrownBy(() -> response.await(60, TimeUnit.SECONDS))
                    .isInstanceOfSatisfying(
                            HttpCallException.class,
                            failure -> assertThat(failure.reason()).isEqualTo(HttpCallException.Reason.TIMEOUT));
            assertThat(server.reset()).isTrue();
        }
    }

    @Test
    void abortsTheConnectionWhenTheHeadExceedsTheTimeout() throws Exception {
        try (SingleResponseServer server = new SingleResponseServer("")) {
            Future<OutboundResponse> response = get(server, Duration.ofSeconds(1));

            assertThatThrownBy(() -> response.await(60, TimeUnit.SECONDS))
                    .isInstanceOfSatisfying(
                            HttpCallException.class,
                            failure -> assertThat(failure.reason()).isEqualTo(HttpCallException.Reason.TIMEOUT));
            assertThat(server.reset()).isTrue();
        }
    }

    @Test
    void abortsTheConnectionWhenTheBodyIsTooLarge() throws Exception {
        String chunk = "3e8\r\n" + " ".repeat(MAX_BYTES) + "\r\n";
        try (SingleResponseServer server = new SingleResponseServer(ENDLESS + chunk)) {
            Future<OutboundResponse> response = get(server, LONG);

            OutboundResponse truncated = response.await(60, TimeUnit.SECONDS);
            assertThat(truncated.truncated()).isTrue();
            assertThat(truncated.body().length()).isZero();
            assertThat(server.reset()).isTrue();
        }
    }

    @Test
    void acceptsTheLargestBody() throws Exception {
        String body = " ".repeat(MAX_BYTES);
        try (SingleResponseServer server =
                new SingleResponseServer("HTTP/1.1 200 OK\r\nContent-Length: " + MAX_BYTES + "\r\n\r\n" + body)) {
            assertThat(get(server, LONG).await(60, TimeUnit.SECONDS).bodyText()).isEqualTo(body);
        }
    }

    @Test
    void rejectsASecondRequestOnAConnection() {
        EmbeddedChannel connection = new EmbeddedChannel(new SingleExchangeHandler());
        DefaultFullHttpRequest request =
                new DefaultFullHttpRequest(HttpVersion.HTTP_1_1, io.netty.handler.codec.http.HttpMethod.GET, "/");
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
            OutboundHttpClient trusting = new OutboundHttpClient(vertx, LONG, 65_536, certificate.trustOptions());
            OutboundHttpClient other = new OutboundHttpClient(vertx, LONG, 65_536);

            assertThat(getTls(trusting, "issuer.example.org", server.actualPort())
                            .await(60, TimeUnit.SECONDS)
                            .bodyText())
                    .isEqualTo("ok");
            assertTlsFailure(getTls(trusting, "others.example.org", server.actualPort()));
            assertTlsFailure(getTls(other, "issuer.example.org", server.actualPort()));
        } finally {
            server.close().await(60, TimeUnit.SECONDS);
            certificate.delete();
        }
    }

    private static void assertTlsFailure(Future<OutboundResponse> response) {
        assertThatThrownBy(() -> response.await(60, TimeUnit.SECONDS))
                .isInstanceOfSatisfying(
                        HttpCallException.class,
                        failure -> assertThat(failure.reason()).isEqualTo(HttpCallException.Reason.TLS_FAILED))
                .cause()
                .hasMessageContaining("SSL");
    }

    /** Sends a request for a host name to the loopback address. */
    private static Future<OutboundResponse> getTls(OutboundHttpClient client, String host, int port) {
        HttpDestination httpDestination = new HttpDestination(
                OutboundUrl.of(true, host, port, "/"), List.of(SocketAddress.inetSocketAddress(port, "127.0.0.1")));
        return send(client, () -> Future.succeededFuture(httpDestination), LONG);
    }
}
