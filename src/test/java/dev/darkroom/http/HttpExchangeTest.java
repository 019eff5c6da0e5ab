package dev.darkroom.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.OutboundUrl;
import dev.darkroom.http.egress.WhatwgUrl;
import dev.darkroom.testing.BrokenServer;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Redirects, aborts and lost connections of an exchange. */
class HttpExchangeTest {
    private static final int MAX_BYTES = 1_000;
    private static final ResponseLimits LIMITS =
            new ResponseLimits(Duration.ofSeconds(60), MAX_BYTES, ResponseMemory.UNLIMITED, true);
    private static final EgressPolicy LOOPBACK = new EgressPolicy(
            new EgressPolicy.Rules(List.of("127.0.0.0/8"), true, List.of()),
            host -> Future.failedFuture("no DNS lookup expected"));

    private static Vertx vertx;
    private static OutboundHttpClient client;
    private static HttpServer server;
    private static final List<String> paths = new ArrayList<>();

    @BeforeAll
    static void start() throws Exception {
        vertx = Vertx.vertx();
        client = new OutboundHttpClient(vertx, Duration.ofSeconds(60), 65_536);
        server = vertx.createHttpServer()
                .requestHandler(request -> {
                    synchronized (paths) {
                        paths.add(request.path());
                    }
                    switch (request.path()) {
                        case "/long" ->
                            request.response()
                                    .setStatusCode(302)
                                    .putHeader("Location", "/next")
                                    .end("x".repeat(2 * MAX_BYTES));
                        case "/next" ->
                            request.response()
                                    .setStatusCode(307)
                                    .putHeader("Location", "/end")
                                    .end();
                        case "/away" ->
                            request.response()
                                    .setStatusCode(302)
                                    .putHeader("Location", "http://192.168.0.1/secret")
                                    .end();
                        default -> request.response().end("ok");
                    }
                })
                .listen(0, "127.0.0.1")
                .await(60, TimeUnit.SECONDS);
    }

    @AfterAll
    static void stop() throws Exception {
        vertx.close().await(60, TimeUnit.SECONDS);
    }

    private static Future<OutboundResponse> send(HttpExchange exchange, RequestTarget target) {
        Promise<OutboundResponse> response = Promise.promise();
        OutboundRequest request = new OutboundRequest(HttpMethod.GET, target, MultiMap.caseInsensitiveMultiMap(), null);
        vertx.runOnContext(v -> client.send(exchange, request, LIMITS).onComplete(response));
        return response.future();
    }

    private static RequestTarget redirecting(String path, int maxRedirects) {
        WhatwgUrl url = WhatwgUrl.parse("http://127.0.0.1:" + server.actualPort() + path);
        return new RedirectingTarget(url, LOOPBACK, maxRedirects);
    }

    private static HttpCallException failure(Future<OutboundResponse> response) {
        return (HttpCallException) catchThrowableOfType(
                        CompletionException.class,
                        () -> response.toCompletionStage().toCompletableFuture().join())
                .getCause();
    }

    @Test
    void followsRedirectsWithABodyThatIsTooLong() throws Exception {
        OutboundResponse response =
                send(new HttpExchange(), redirecting("/long", 2)).await(60, TimeUnit.SECONDS);
        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body().toBytes()).isEqualTo("ok".getBytes(StandardCharsets.US_ASCII));
        assertThat(response.truncated()).isFalse();
    }

    @Test
    void limitsAndChecksRedirects() {
        assertThat(failure(send(new HttpExchange(), redirecting("/long", 1))).reason())
                .isEqualTo(Reason.TOO_MANY_REDIRECTS);
        assertThat(failure(send(new HttpExchange(), redirecting("/away", 1))).reason())
                .isEqualTo(Reason.ADDRESS_NOT_ALLOWED);
    }

    @Test
    void followsNoRedirectOfAConfiguredTarget() throws Exception {
        OutboundUrl url = OutboundUrl.of(false, "127.0.0.1", server.actualPort(), "/next");
        OutboundResponse response =
                send(new HttpExchange(), RequestTarget.configured(url)).await(60, TimeUnit.SECONDS);
        assertThat(response.status()).isEqualTo(307);
    }

    @Test
    void abortBeforeTheStartSendsNothing() {
        HttpExchange exchange = new HttpExchange();
        exchange.abort();
        assertThat(failure(send(exchange, redirecting("/aborted", 0))).reason()).isEqualTo(Reason.ABORTED);
        synchronized (paths) {
            assertThat(paths).doesNotContain("/aborted");
        }
    }

    /** Without it, memory held by the call would wait for the connection. */
    @Test
    void abortEndsAnExchangeThatIsConnecting() {
        try (BrokenServer silent = BrokenServer.neverResponding()) {
            HttpExchange exchange = new HttpExchange();
            URI url = URI.create(silent.url().toString().replace("http:", "https:"));
            Future<OutboundResponse> response = send(exchange, RequestTarget.configured(OutboundUrl.of(url)));

            vertx.runOnContext(v -> exchange.abort());

            HttpCallException failure = failure(response);
            assertThat(failure.reason()).isEqualTo(Reason.ABORTED);
            assertThat(failure.sent()).isFalse();
        }
    }

    /** Such a server would keep the connection and the request in memory for as long as it likes. */
    @Test
    void abortsTheConnectionOfAServerThatRespondsWithoutReadingTheRequest() throws Exception {
        // given
        Buffer body = Buffer.buffer(new byte[32 << 20]);
        try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            OutboundUrl url = OutboundUrl.of(false, "127.0.0.1", listening.getLocalPort(), "/");
            OutboundRequest request = new OutboundRequest(
                    HttpMethod.POST, RequestTarget.configured(url), MultiMap.caseInsensitiveMultiMap(), body);
            Promise<OutboundResponse> response = Promise.promise();
            vertx.runOnContext(
                    v -> client.send(new HttpExchange(), request, LIMITS).onComplete(response));
            try (Socket socket = listening.accept()) {
                socket.setSoTimeout(60_000);

                // when
                socket.getOutputStream().write("HTTP/1.1 204 No Content\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

                // then
                assertThat(response.future().await(60, TimeUnit.SECONDS).status())
                        .isEqualTo(204);
                assertThatThrownBy(() -> socket.getInputStream().transferTo(OutputStream.nullOutputStream()))
                        .isInstanceOf(SocketException.class);
            }
        }
    }

    @Test
    void reportsWhetherTheRequestWasSent() {
        HttpCallException refused =
                failure(send(new HttpExchange(), RequestTarget.configured(OutboundUrl.of(false, "127.0.0.1", 1, "/"))));
        assertThat(refused.sent()).isFalse();
        try (BrokenServer noHttp = BrokenServer.sendingNoHttp()) {
            HttpCallException failure =
                    failure(send(new HttpExchange(), RequestTarget.configured(OutboundUrl.of(noHttp.url()))));
            assertThat(failure.reason()).isEqualTo(Reason.NO_RESPONSE);
            assertThat(failure.sent()).isTrue();
            assertThat(failure.isInvalidResponse()).isTrue();
        }
    }
}
