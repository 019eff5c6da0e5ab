package dev.darkroom.http;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.telemetry.TraceSpan;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.net.TrustOptions;
import java.time.Duration;
import java.util.Map;

/**
 * Sends POST requests to URLs chosen by users, protected against server-side request forgery. Connects to an address that
 * {@link EgressPolicy} has resolved and checked for this call, without a second DNS lookup. Follows no redirects.
 * Thread-safe and non-blocking.
 */
public final class GuardedHttpClient {
    /** Maximum body size to read. Only the response head is used, but the receiver should be able to send its body. */
    private static final int MAX_RESPONSE_BYTES = 64 * 1024;

    private final EgressPolicy egressPolicy;
    private final OutboundHttpClient client;
    private final ResponseLimits limits;
    private final InvalidResponseLogger invalidResponseLogger = new InvalidResponseLogger(Ticker.systemTicker());

    /**
     * @param timeout for the whole call, from the DNS lookup to the last byte of the response
     * @param maxHeaderBytes maximum size of the response head in bytes
     */
    public GuardedHttpClient(Vertx vertx, EgressPolicy egressPolicy, Duration timeout, int maxHeaderBytes) {
        this(vertx, egressPolicy, timeout, maxHeaderBytes, null);
    }

    /** @param trust trusted certificates; null for those of the JVM */
    GuardedHttpClient(
            Vertx vertx, EgressPolicy egressPolicy, Duration timeout, int maxHeaderBytes, TrustOptions trust) {
        this.egressPolicy = egressPolicy;
        this.client = new OutboundHttpClient(
                vertx,
                timeout.plus(OutboundHttpClient.CONNECT_TIMEOUT_MARGIN),
                maxHeaderBytes,
                trust,
                OutboundHttpClient.ConnectionLimits.NONE);
        this.limits = new ResponseLimits(timeout, MAX_RESPONSE_BYTES, ResponseMemory.UNLIMITED, false);
    }

    /** Sends a POST request without a trace. */
    public Future<OutboundResponse> post(String url, Map<String, String> headers, Buffer body, HttpExchange exchange) {
        return post(url, headers, body, exchange, TraceSpan.NONE);
    }

    /**
     * Sends a POST request.
     *
     * @param url checked by the egress policy before each call
     * @param exchange aborts the call
     * @param span parent of the span of the request, and its context; {@link TraceSpan#NONE} for none
     * @return completes with the response, without its body, when the body has been read, exceeds its limit or exceeds the
     *     timeout. Fails with a {@link HttpCallException} when no response head arrived before the timeout
     */
    public Future<OutboundResponse> post(
            String url, Map<String, String> headers, Buffer body, HttpExchange exchange, TraceSpan span) {
        Future<HttpDestination> destination = egressPolicy.resolve(url);
        MultiMap requestHeaders = MultiMap.caseInsensitiveMultiMap().addAll(headers);
        OutboundRequest request =
                new OutboundRequest(HttpMethod.POST, () -> destination, requestHeaders, body).withSpan(span);
        return client.send(exchange, request.withContextOf(request.span()), limits)
                .onFailure(error -> {
                    if (error instanceof HttpCallException failed && failed.isInvalidResponse()) {
                        invalidResponseLogger.log(destination.result().url(), failed.getCause());
                    }
                });
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return client.close();
    }
}
