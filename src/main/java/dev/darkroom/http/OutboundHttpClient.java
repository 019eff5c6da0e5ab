package dev.darkroom.http;

import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.OutboundUrl;
import dev.darkroom.netty.NettyChannels;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.MaxMessagesRecvByteBufAllocator;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.ClientSSLOptions;
import io.vertx.core.net.TrustOptions;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * HTTP client of all outbound calls: AI servers, image downloads, webhooks, JWKS. Each exchange has its own connection, which
 * is closed at its end and aborted after an unclean end. So no leftover byte of one exchange can reach another, and no request
 * is sent on a connection that the server is closing. Reasons: docs/decisions/0029. HTTP/1.1, since aborting a request then
 * closes its socket, which every server detects. No cookies. Thread-safe.
 */
public final class OutboundHttpClient {
    private static final int MAX_STATUS_LINE_BYTES = 8 * 1024;
    private static final int MAX_CHUNK_BYTES = 8 * 1024;

    /** Exceeds the concurrency limits of all callers, so that the pool never queues a call. */
    private static final int MAX_POOL_SIZE = 4096;

    /** Rounds handshake timeouts, because Vert.x caches TLS contexts by their options. */
    private static final int HANDSHAKE_TIMEOUT_STEP_MS = 250;

    /** Added to the timeout of a call for the connect timeout of its client, so that the call ends with its own timeout. */
    static final Duration CONNECT_TIMEOUT_MARGIN = Duration.ofSeconds(5);

    private final Vertx vertx;
    private final HttpClient client;
    private final long connectTimeoutMillis;
    private final TrustOptions trustOptions;
    private final int maxHeaderBytes;
    private final ConnectionLimits connectionLimits;

    /**
     * Limits of each connection, for callers without access to their exchange.
     *
     * @param maxAge time from the connection to the last byte of the response; null for any
     * @param maxBodyBytes maximum size of a response body in bytes; a larger one is a failure
     */
    record ConnectionLimits(Duration maxAge, long maxBodyBytes) {
        static final ConnectionLimits NONE = new ConnectionLimits(null, Long.MAX_VALUE);
    }

    /**
     * @param connectTimeout limits the TCP handshake and, separately, the TLS handshake. When a call has less time left, both
     *     end shortly after the call
     * @param maxHeaderBytes maximum size of the response head in bytes
     */
    public OutboundHttpClient(Vertx vertx, Duration connectTimeout, int maxHeaderBytes) {
        this(vertx, connectTimeout, maxHeaderBytes, null, ConnectionLimits.NONE);
    }

    /** @param trust trusted certificates; null for those of the JVM */
    OutboundHttpClient(
            Vertx vertx, Duration connectTimeout, int maxHeaderBytes, TrustOptions trust, ConnectionLimits limits) {
        this.vertx = vertx;
        this.connectTimeoutMillis = connectTimeout.toMillis();
        this.trustOptions = trust;
        this.maxHeaderBytes = maxHeaderBytes;
        this.connectionLimits = limits;
        HttpClientOptions options = new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_1_1)
                .setKeepAlive(false)
                .setDecompressionSupported(false)
                .setConnectTimeout(Math.toIntExact(connectTimeoutMillis))
                // TLS options of the web client, which ignores the TLS options of a request.
                .setVerifyHost(true)
                .setTrustOptions(trust)
                .setSslHandshakeTimeout(connectTimeoutMillis)
                .setSslHandshakeTimeoutUnit(TimeUnit.MILLISECONDS);
        this.client = vertx.httpClientBuilder()
                .with(options)
                .with(new PoolOptions().setHttp1MaxSize(MAX_POOL_SIZE))
                .withConnectHandler(this::configureConnection)
                .build();
    }

    /**
     * Sends a request.
     *
     * @param exchange aborts the call; for this call only
     * @return completes with a response with any status; fails with a {@link HttpCallException}
     */
    public Future<OutboundResponse> send(HttpExchange exchange, OutboundRequest request, ResponseLimits limits) {
        return exchange.start(this, vertx, request, limits);
    }

    /**
     * Configures a new connection through its Netty pipeline, which Vert.x does not expose in its public API. Replaces the
     * codec, because no option of Vert.x makes it accept equal repeated {@code Content-Length} headers, or chunked encoding
     * with a {@code Content-Length} (RFC 9112, section 6.3). Both are harmless when no further response follows.
     */
    private void configureConnection(HttpConnection connection) {
        // The request reports failures. Without a handler Vert.x logs them as errors.
        connection.exceptionHandler(failure -> {});
        ChannelPipeline pipeline = NettyChannels.of(connection).pipeline();
        HttpDecoderConfig config = new HttpDecoderConfig()
                .setMaxInitialLineLength(MAX_STATUS_LINE_BYTES)
                .setMaxHeaderSize(maxHeaderBytes)
                .setMaxChunkSize(MAX_CHUNK_BYTES)
                .setAllowDuplicateContentLengths(true)
                .setUseRfc9112TransferEncoding(false)
                .setStrictLineParsing(false);
        pipeline.replace("codec", "codec", new HttpClientCodec(config, false, false));
        pipeline.addBefore("handler", "single-exchange", new SingleExchangeHandler(connectionLimits));
        // By default Netty reads 16 times in a row, up to 1 MiB, before it stops reading a paused response.
        if (pipeline.channel().config().getRecvByteBufAllocator() instanceof MaxMessagesRecvByteBufAllocator reading) {
            reading.maxMessagesPerRead(1);
        }
    }

    /**
     * Connects to the first server of a destination that accepts the connection.
     *
     * @param headers of the request; {@code Host} is added
     * @param timeout for the connection and the TLS handshake when it is below the connect timeout
     * @return the request, not yet sent, on its own connection
     */
    Future<HttpClientRequest> connect(
            HttpMethod method, HttpDestination httpDestination, MultiMap headers, Duration timeout) {
        return connect(method, httpDestination, 0, headers, timeout);
    }

    private Future<HttpClientRequest> connect(
            HttpMethod method, HttpDestination httpDestination, int serverIndex, MultiMap headers, Duration timeout) {
        Future<HttpClientRequest> request =
                client.request(createRequestOptions(method, httpDestination, serverIndex, headers, timeout));
        return serverIndex + 1 == httpDestination.servers().size()
                ? request
                : request.recover(error -> error instanceof ConnectException || error instanceof NoRouteToHostException
                        ? connect(method, httpDestination, serverIndex + 1, headers, timeout)
                        : Future.failedFuture(error));
    }

    RequestOptions createRequestOptions(
            HttpMethod method, HttpDestination httpDestination, int serverIndex, MultiMap headers, Duration timeout) {
        OutboundUrl url = httpDestination.url();
        long rounded = (timeout.toMillis() / HANDSHAKE_TIMEOUT_STEP_MS + 1) * HANDSHAKE_TIMEOUT_STEP_MS;
        RequestOptions options = new RequestOptions()
                .setMethod(method)
                .setServer(httpDestination.servers().get(serverIndex))
                // Used for SNI and checked against the certificate.
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

    /** Resets a request and its connection. Does nothing when the exchange has ended. */
    static void abort(HttpClientRequest request) {
        Channel channel = NettyChannels.of(request.connection());
        NettyChannels.resetOnClose(channel);
        request.reset();
        NettyChannels.abort(channel);
    }

    /** Returns the client below, for the web client. */
    HttpClient httpClient() {
        return client;
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return client.close();
    }
}
