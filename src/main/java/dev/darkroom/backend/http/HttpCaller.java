package dev.darkroom.backend.http;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.ext.web.client.HttpRequest;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import io.vertx.ext.web.client.impl.HttpContext;
import io.vertx.ext.web.client.impl.WebClientInternal;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Sends requests inside a {@link CallScope} and brings back answers of limited size. When the call ends first, the
 * request is reset and its socket closed. Thread-safe; each request stays on the context of its call.
 *
 * <p>HTTP/1.1 only: resetting a request closes its socket, which every server notices. No redirects (a POST must not go
 * elsewhere, a download checks each hop), no cookies, no decompression (a small answer cannot become a huge one).
 */
public final class HttpCaller {
    /**
     * Connections per host. The guard limits calls; the pool must never be a second, hidden queue behind it.
     */
    private static final int POOL = 1024;
    /**
     * Servers commonly close idle connections after 5 s or more. A request on a connection that is just being closed
     * ends in doubt whether it was seen, so we let go first.
     */
    private static final int KEEP_ALIVE_SECONDS = 4;

    /** Milliseconds; well within the second after which a socket is to be gone. */
    private static final int HANDSHAKE_STEP = 250;

    private final WebClient client;
    private final long connectMillis;

    /**
     * @param connectTimeout bounds the TCP handshake and, once more, the TLS handshake; where a call has less time left, a
     *     TLS handshake ends with it, and a TCP handshake that nobody answers is left behind until it is over
     */
    public HttpCaller(Vertx vertx, Duration connectTimeout) {
        WebClientOptions options = new WebClientOptions();
        options.setProtocolVersion(HttpVersion.HTTP_1_1)
                .setKeepAliveTimeout(KEEP_ALIVE_SECONDS)
                .setDecompressionSupported(false)
                .setConnectTimeout(Math.toIntExact(connectTimeout.toMillis()))
                .setSslHandshakeTimeout(connectTimeout.toMillis())
                .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
        options.setFollowRedirects(false).setUserAgent("Darkroom");
        this.connectMillis = connectTimeout.toMillis();
        this.client = WebClient.create(vertx, options, new PoolOptions().setHttp1MaxSize(POOL));
        ((WebClientInternal) client).addInterceptor(HttpCaller::track);
    }

    private static void track(HttpContext<?> http) {
        if (http.request().bodyCodec() instanceof Exchange exchange) {
            switch (http.phase()) {
                case CREATE_REQUEST -> limitHandshake(http.requestOptions());
                case SEND_REQUEST -> {
                    exchange.sending(http.clientRequest());
                    if (exchange.brokenOff()) {
                        http.fail(new IllegalStateException("the call ended while it was connecting"));
                        return;
                    }
                }
                case RECEIVE_RESPONSE -> {
                    exchange.receiving(http.clientResponse());
                    if (exchange.brokenOff()) {
                        return; // refused by its announced size, and answered for; there is nothing left to read
                    }
                }
                default -> {
                    // The other phases change nothing for us.
                }
            }
        }
        http.next();
    }

    /**
     * Nobody can break off a connection that is not there yet. So where there is less time than a handshake may take, the
     * handshake is told. Vert.x itself takes the limit of a request only for how long to wait for its connection.
     */
    private static void limitHandshake(RequestOptions request) {
        if (request.getConnectTimeout() > 0 && Boolean.TRUE.equals(request.isSsl())) {
            ClientSSLOptions limited = new ClientSSLOptions();
            limited.setSslHandshakeTimeout(request.getConnectTimeout())
                    .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
            request.setSslOptions(limited);
        }
    }

    /**
     * A request to be filled with headers and given to {@link #send}.
     *
     * @param url absolute, http or https, with a host; user info and fragment are left out
     */
    public HttpRequest<Buffer> request(HttpMethod method, URI url) {
        boolean tls = "https".equalsIgnoreCase(url.getScheme());
        int port = url.getPort() >= 0 ? url.getPort() : tls ? 443 : 80;
        String path = url.getRawPath() == null || url.getRawPath().isEmpty() ? "/" : url.getRawPath();
        String uri = url.getRawQuery() == null ? path : path + "?" + url.getRawQuery();
        String host = url.getHost();
        if (host.startsWith("[")) { // an IPv6 address stands in brackets in a URL, and nowhere else
            host = host.substring(1, host.length() - 1);
        }
        return client.request(method, port, host, uri).ssl(tls);
    }

    /**
     * Sends a request.
     *
     * @param body null for none
     * @param maxBytes the largest body of a successful answer that is read
     * @param limit time for this one exchange, within the call's own
     * @return the answer, whatever its status; fails with a {@link CallFailedException} when none came
     */
    public Future<Answer> send(
            CallScope scope, HttpRequest<Buffer> request, Buffer body, int maxBytes, Duration limit) {
        Exchange exchange = new Exchange(maxBytes, scope.holding());
        scope.sends(exchange::sent);
        Runnable breakOff = exchange::breakOff;
        scope.onEnd(breakOff);
        endAfter(limit, scope, exchange);
        exchange.answer().onComplete(done -> scope.forget(breakOff));
        HttpRequest<Buffer> ready = request.as(exchange);
        long handshake = handshakeMillis(limit);
        if (handshake < connectMillis) {
            ready.connectTimeout(handshake);
        }
        (body == null ? ready.send() : ready.sendBuffer(body))
                .onComplete(
                        response -> exchange.finished(),
                        cause -> exchange.failed(new CallFailedException(TransportFailure.of(cause, exchange.sent()))));
        return exchange.answer();
    }

    /** The time begins anew while the server has to wait for us. */
    private static void endAfter(Duration limit, CallScope scope, Exchange exchange) {
        long timer = scope.vertx().setTimer(Math.max(1, limit.toMillis()), t -> {
            if (scope.holding().waits() && !scope.over()) {
                endAfter(limit, scope, exchange);
                return;
            }
            exchange.failed(new CallFailedException(TransportFailure.late(exchange.sent())));
            exchange.breakOff();
        });
        exchange.answer().onComplete(done -> scope.vertx().cancelTimer(timer));
    }

    /**
     * How long a handshake may take when there is only so much time. Rounded up, because connections are shared only among
     * requests that set the same limit.
     */
    private static long handshakeMillis(Duration limit) {
        return (limit.toMillis() / HANDSHAKE_STEP + 1) * HANDSHAKE_STEP;
    }

    /** Closes all connections. */
    public void close() {
        client.close();
    }
}
