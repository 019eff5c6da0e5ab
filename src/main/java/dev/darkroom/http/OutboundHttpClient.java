package dev.darkroom.http;

import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.OutboundUrl;
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
public final class OutboundHttpClient {
    private static final int MAX_STATUS_LINE_BYTES = 8 * 1024;
    private static final int MAX_CHUNK_BYTES = 8 * 1024;

    /** Calls are limited by their callers. The pool never queues them. */
    private static final int MAX_POOL_SIZE = 4096;

    /** Milliseconds. TLS contexts are cached by their options, so the timeouts of handshakes come in steps. */
    private static final int HANDSHAKE_TIMEOUT_STEP_MS = 250;

    private final Vertx vertx;
    private final HttpClient client;
    private final WebClient webClient;
    private final WebClientExchangeRegistry exchangeRegistry = new WebClientExchangeRegistry();
    private final long connectTimeoutMillis;
    private final TrustOptions trustOptions;
    private final int maxHeaderBytes;

    /**
     * @param connectTimeout the longest TCP handshake and, once more, the longest TLS handshake
     * @param maxHeaderBytes the largest head of an answer
     */
    public OutboundHttpClient(Vertx vertx, Duration connectTimeout, int maxHeaderBytes) {
        this(vertx, connectTimeout, maxHeaderBytes, null);
    }

    /** @param trust the certificates to trust; null for those of the JVM */
    OutboundHttpClient(Vertx vertx, Duration connectTimeout, int maxHeaderBytes, TrustOptions trust) {
        this.vertx = vertx;
        this.connectTimeoutMillis = connectTimeout.toMillis();
        this.trustOptions = trust;
        this.maxHeaderBytes = maxHeaderBytes;
        HttpClientOptions options = new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_1_1)
                .setKeepAlive(false)
                .setDecompressionSupported(false)
                .setConnectTimeout(Math.toIntExact(connectTimeoutMillis))
                // The TLS of the web client, which ignores the TLS options of a request.
                .setVerifyHost(true)
                .setTrustOptions(trust)
                .setSslHandshakeTimeout(connectTimeoutMillis)
                .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
        this.client = vertx.httpClientBuilder()
                .with(options)
                .with(new PoolOptions().setHttp1MaxSize(MAX_POOL_SIZE))
                .withConnectHandler(this::configureConnection)
                .build();
        this.webClient = WebClient.wrap(
                client, new WebClientOptions().setUserAgentEnabled(false).setFollowRedirects(false));
    }

    /**
     * Prepares a new connection. Vert.x has no public way to its pipeline. The codec is replaced, because the options of Vert.x cannot make
     * it accept equal repeated lengths, or chunks beside a length (RFC 9112, section 6.3), both harmless where nothing follows.
     */
    private void configureConnection(HttpConnection connection) {
        // The request reports failures. Without a handler Vert.x logs them as errors.
        connection.exceptionHandler(failure -> {});
        ChannelPipeline pipeline = pipeline(connection);
        HttpDecoderConfig config = new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_STATUS_LINE_BYTES)
                .setMaxHeaderSize(maxHeaderBytes)
                .setMaxChunkSize(MAX_CHUNK_BYTES)
                .setAllowDuplicateContentLengths(true)
                .setUseRfc9112TransferEncoding(false)
                .setStrictLineParsing(false);
        pipeline.replace("codec", "codec", new HttpClientCodec(config, false, false));
        pipeline.addBefore("handler", SingleExchangeHandler.NAME, new SingleExchangeHandler(exchangeRegistry));
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
            HttpMethod method, HttpDestination httpDestination, MultiMap headers, Duration limit) {
        return connect(method, httpDestination, 0, headers, limit);
    }

    /**
     * Gets a small resource with the web client. When the result is a failure, the connection is aborted.
     *
     * @param httpDestination its first server is called
     * @param headers of the request; {@code Host} is added
     * @param codec decodes the body of the answer, whatever the status
     * @param maxBytes the largest body of the answer; a larger one is a failure
     * @param limit from the call of this method to the last byte of the answer; at least 1 ms
     * @return the answer, whatever its status
     */
    public <T> Future<HttpResponse<T>> get(
            HttpDestination httpDestination, MultiMap headers, BodyCodec<T> codec, int maxBytes, Duration limit) {
        Promise<HttpResponse<T>> answer = Promise.promise();
        String exchange = exchangeRegistry.add(maxBytes);
        // The timeouts of the web client end with the head of the answer.
        long timer = vertx.setTimer(
                limit.toMillis(),
                t -> answer.tryFail(new TimeoutException("no answer within " + limit.toMillis() + " ms")));
        answer.future()
                .onComplete(done -> vertx.cancelTimer(timer))
                .onSuccess(complete -> exchangeRegistry.remove(exchange))
                .onFailure(failure -> exchangeRegistry.abort(exchange));
        RequestOptions request = createRequestOptions(HttpMethod.GET, httpDestination, 0, headers, limit)
                .putHeader(WebClientExchangeRegistry.ID_HEADER, exchange);
        webClient
                .request(HttpMethod.GET, request)
                .as(codec)
                .send()
                .onSuccess(answer::tryComplete)
                .onFailure(answer::tryFail);
        return answer.future();
    }

    private Future<HttpClientRequest> connect(
            HttpMethod method, HttpDestination httpDestination, int which, MultiMap headers, Duration limit) {
        Future<HttpClientRequest> request =
                client.request(createRequestOptions(method, httpDestination, which, headers, limit));
        return which + 1 == httpDestination.servers().size()
                ? request
                : request.recover(error -> isConnectFailure(error)
                        ? connect(method, httpDestination, which + 1, headers, limit)
                        : Future.failedFuture(error));
    }

    private RequestOptions createRequestOptions(
            HttpMethod method, HttpDestination httpDestination, int which, MultiMap headers, Duration limit) {
        OutboundUrl url = httpDestination.url();
        long rounded = (limit.toMillis() / HANDSHAKE_TIMEOUT_STEP_MS + 1) * HANDSHAKE_TIMEOUT_STEP_MS;
        RequestOptions options = new RequestOptions()
                .setMethod(method)
                .setServer(httpDestination.servers().get(which))
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
        if (rounded < connectTimeoutMillis) {
            options.setConnectTimeout(rounded);
        }
        if (url.tls()) {
            ClientSSLOptions tls = new ClientSSLOptions().setHostnameVerificationAlgorithm("HTTPS");
            tls.setTrustOptions(trustOptions)
                    .setSslHandshakeTimeout(Math.min(rounded, connectTimeoutMillis))
                    .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
            options.setSslOptions(tls);
        }
        return options;
    }

    /** Ends a request and aborts its connection. Does nothing once the exchange is over. */
    public static void abort(HttpClientRequest request) {
        if (pipeline(request.connection()).get(SingleExchangeHandler.NAME) instanceof SingleExchangeHandler guard) {
            guard.resetOnClose();
            request.reset();
            guard.abort();
        } else {
            request.reset();
        }
    }

    static boolean isConnectFailure(Throwable error) {
        return error instanceof ConnectException
                || error instanceof ConnectTimeoutException
                || error instanceof NoRouteToHostException;
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return client.close();
    }
}
