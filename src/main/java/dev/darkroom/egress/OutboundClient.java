package dev.darkroom.egress;

import io.netty.channel.ChannelPipeline;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.MaxMessagesRecvByteBufAllocator;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.http.impl.HttpClientConnectionInternal;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.TrustOptions;
import io.vertx.ext.web.client.HttpResponse;
import io.vertx.ext.web.client.WebClient;
import io.vertx.ext.web.client.WebClientOptions;
import io.vertx.ext.web.codec.BodyCodec;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The HTTP client of all outbound calls: AI servers, downloads of pictures, webhooks, JWKS. Each exchange has a connection of its own,
 * which is closed at its end and aborted when it did not end cleanly. So no byte that one exchange leaves behind can reach another one,
 * and no request meets a connection that the server is closing. Why: docs/decisions/0029. HTTP/1.1, no redirects, no cookies. Thread-safe.
 */
public final class OutboundClient {
    private static final int MAX_STATUS_LINE = 8 * 1024;
    private static final int CHUNK = 8 * 1024;

    /** Calls are limited by their callers. The pool never queues them. */
    private static final int POOL = 4096;

    /** Milliseconds. TLS contexts are cached by their options, so the timeouts of handshakes come in steps. */
    private static final int HANDSHAKE_STEP = 250;

    private final Vertx vertx;
    private final HttpClient client;
    private final WebClient webClient;
    private final WebExchanges webExchanges = new WebExchanges();
    private final long connectMillis;
    private final TrustOptions trust;
    private final int maxHeaderBytes;

    /**
     * @param connectTimeout the longest TCP handshake and, once more, the longest TLS handshake
     * @param maxHeaderBytes the largest head of an answer
     */
    public OutboundClient(Vertx vertx, Duration connectTimeout, int maxHeaderBytes) {
        this(vertx, connectTimeout, maxHeaderBytes, null);
    }

    /** @param trust the certificates to trust; null for those of the JVM */
    OutboundClient(Vertx vertx, Duration connectTimeout, int maxHeaderBytes, TrustOptions trust) {
        this.vertx = vertx;
        this.connectMillis = connectTimeout.toMillis();
        this.trust = trust;
        this.maxHeaderBytes = maxHeaderBytes;
        HttpClientOptions options = new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_1_1)
                .setKeepAlive(false)
                .setDecompressionSupported(false)
                .setConnectTimeout(Math.toIntExact(connectMillis))
                // The TLS of the web client, which ignores the TLS options of a request.
                .setVerifyHost(true)
                .setTrustOptions(trust)
                .setSslHandshakeTimeout(connectMillis)
                .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
        this.client = vertx.httpClientBuilder()
                .with(options)
                .with(new PoolOptions().setHttp1MaxSize(POOL))
                .withConnectHandler(this::guard)
                .build();
        this.webClient = WebClient.wrap(
                client, new WebClientOptions().setUserAgentEnabled(false).setFollowRedirects(false));
    }

    /**
     * Prepares a new connection. Vert.x has no public way to its pipeline. The codec is replaced, because the options of Vert.x cannot make
     * it accept equal repeated lengths, or chunks beside a length (RFC 9112, section 6.3), both harmless where nothing follows.
     */
    private void guard(HttpConnection connection) {
        // The request reports failures. Without a handler Vert.x logs them as errors.
        connection.exceptionHandler(failure -> {});
        ChannelPipeline pipeline = pipeline(connection);
        HttpDecoderConfig config = new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_STATUS_LINE)
                .setMaxHeaderSize(maxHeaderBytes)
                .setMaxChunkSize(CHUNK)
                .setAllowDuplicateContentLengths(true)
                .setUseRfc9112TransferEncoding(false)
                .setStrictLineParsing(false);
        pipeline.replace("codec", "codec", new HttpClientCodec(config, false, false));
        pipeline.addBefore("handler", ExchangeGuard.NAME, new ExchangeGuard(webExchanges));
        // Netty reads sixteen times in a row, up to 1 MiB, before a paused answer takes effect.
        if (pipeline.channel().config().getRecvByteBufAllocator() instanceof MaxMessagesRecvByteBufAllocator reading) {
            reading.maxMessagesPerRead(1);
        }
    }

    private static ChannelPipeline pipeline(HttpConnection connection) {
        return ((HttpClientConnectionInternal) connection)
                .channelHandlerContext()
                .pipeline();
    }

    /**
     * Connects to the first server of a destination that accepts.
     *
     * @param headers of the request; {@code Host} is added
     * @param limit when below the connect timeout, the longest TLS handshake and the longest wait for the connection
     * @return the request, not yet sent, on a connection of its own
     */
    public Future<HttpClientRequest> request(
            HttpMethod method, Destination destination, MultiMap headers, Duration limit) {
        return connect(method, destination, 0, headers, limit);
    }

    /**
     * Gets a small resource with the web client. When the result is a failure, the connection is aborted.
     *
     * @param destination its first server is called
     * @param headers of the request; {@code Host} is added
     * @param codec decodes the body of the answer, whatever the status
     * @param maxBytes the largest body of the answer; a larger one is a failure
     * @param limit from the call of this method to the last byte of the answer; at least 1 ms
     * @return the answer, whatever its status
     */
    public <T> Future<HttpResponse<T>> get(
            Destination destination, MultiMap headers, BodyCodec<T> codec, int maxBytes, Duration limit) {
        Promise<HttpResponse<T>> answer = Promise.promise();
        String exchange = webExchanges.add(maxBytes);
        // The timeouts of the web client end with the head of the answer.
        long timer = vertx.setTimer(
                limit.toMillis(),
                t -> answer.tryFail(new TimeoutException("no answer within " + limit.toMillis() + " ms")));
        answer.future()
                .onComplete(done -> vertx.cancelTimer(timer))
                .onSuccess(complete -> webExchanges.remove(exchange))
                .onFailure(failure -> webExchanges.abort(exchange));
        RequestOptions request =
                options(HttpMethod.GET, destination, 0, headers, limit).putHeader(WebExchanges.ID, exchange);
        webClient
                .request(HttpMethod.GET, request)
                .as(codec)
                .send()
                .onSuccess(answer::tryComplete)
                .onFailure(answer::tryFail);
        return answer.future();
    }

    private Future<HttpClientRequest> connect(
            HttpMethod method, Destination destination, int which, MultiMap headers, Duration limit) {
        Future<HttpClientRequest> request = client.request(options(method, destination, which, headers, limit));
        return which + 1 == destination.servers().size()
                ? request
                : request.recover(error -> couldNotConnect(error)
                        ? connect(method, destination, which + 1, headers, limit)
                        : Future.failedFuture(error));
    }

    private RequestOptions options(
            HttpMethod method, Destination destination, int which, MultiMap headers, Duration limit) {
        OutboundUrl url = destination.url();
        long rounded = (limit.toMillis() / HANDSHAKE_STEP + 1) * HANDSHAKE_STEP;
        RequestOptions options = new RequestOptions()
                .setMethod(method)
                .setServer(destination.servers().get(which))
                // The name goes into SNI and is checked against the certificate.
                .setHost(url.host())
                .setPort(url.port())
                .setURI(url.target())
                .setSsl(url.tls())
                .setFollowRedirects(false)
                .setHeaders(MultiMap.caseInsensitiveMultiMap().addAll(headers));
        options.putHeader("Host", url.authority()).putHeader("User-Agent", "Darkroom");
        if (!headers.contains("Accept-Encoding")) {
            // Without it a server may choose any coding (RFC 9110, section 12.5.3).
            options.putHeader("Accept-Encoding", "identity");
        }
        if (rounded < connectMillis) {
            options.setConnectTimeout(rounded);
        }
        if (url.tls()) {
            ClientSSLOptions tls = new ClientSSLOptions().setHostnameVerificationAlgorithm("HTTPS");
            tls.setTrustOptions(trust)
                    .setSslHandshakeTimeout(Math.min(rounded, connectMillis))
                    .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
            options.setSslOptions(tls);
        }
        return options;
    }

    /** Ends a request and aborts its connection. Does nothing once the exchange is over. */
    public static void abort(HttpClientRequest request) {
        if (pipeline(request.connection()).get(ExchangeGuard.NAME) instanceof ExchangeGuard guard) {
            guard.resetOnClose();
            request.reset();
            guard.abort();
        } else {
            request.reset();
        }
    }

    static boolean couldNotConnect(Throwable error) {
        return error instanceof ConnectException
                || error instanceof ConnectTimeoutException
                || error instanceof NoRouteToHostException;
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return client.close();
    }
}
