package dev.darkroom.http;

import com.github.benmanes.caffeine.cache.Ticker;
import dev.darkroom.http.HttpCallException.Reason;
import dev.darkroom.http.egress.EgressPolicy;
import dev.darkroom.http.egress.HttpDestination;
import dev.darkroom.http.egress.RejectedUrlException;
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
    /**
     * Added to the call's timeout for the connect timeout of the HTTP client. When both elapse at the same time, the client
     * may never complete its future.
     */
    private static final Duration CONNECT_TIMEOUT_MARGIN = Duration.ofSeconds(5);

    /** Maximum body size to read. Only the response head is used, but the receiver should be able to send its body. */
    static final int MAX_RESPONSE_BYTES = 64 * 1024;

    private final Vertx vertx;
    private final EgressPolicy egressPolicy;
    private final OutboundHttpClient client;
    private final Duration timeout;
    private final InvalidResponseLogger invalidResponseLogger = new InvalidResponseLogger(Ticker.systemTicker());

    /**
     * Status and headers of a response.
     *
     * @param status any HTTP status
     * @param headers never null
     */
    public record ResponseHead(int status, MultiMap headers) {}

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
        this.vertx = vertx;
        this.egressPolicy = egressPolicy;
        this.timeout = timeout;
        this.client = new OutboundHttpClient(vertx, timeout.plus(CONNECT_TIMEOUT_MARGIN), maxHeaderBytes, trust);
    }

    /**
     * Sends a POST request.
     *
     * @param url checked by the egress policy before each call
     * @param handle aborts the call
     * @return completes with the response head when the body has been read, exceeds its limit or exceeds the timeout. Fails
     *     with a {@link HttpCallException} when no response head arrived before the timeout
     */
    public Future<ResponseHead> post(String url, Map<String, String> headers, Buffer body, AbortHandle handle) {
        GuardedHttpCall guardedHttpCall = new GuardedHttpCall(vertx, handle, timeout);
        egressPolicy
                .resolve(url)
                .onFailure(error -> {
                    if (error instanceof RejectedUrlException) {
                        guardedHttpCall.fail(Reason.ADDRESS_NOT_ALLOWED, "The URL " + error.getMessage() + ".");
                    } else {
                        guardedHttpCall.fail(Reason.DNS_LOOKUP_FAILED, "The DNS lookup of the host failed.");
                    }
                })
                .onSuccess(httpDestination -> connect(httpDestination, headers, body, guardedHttpCall));
        return guardedHttpCall.result();
    }

    private void connect(
            HttpDestination httpDestination,
            Map<String, String> headers,
            Buffer body,
            GuardedHttpCall guardedHttpCall) {
        if (guardedHttpCall.ended()) {
            return;
        }
        MultiMap requestHeaders = MultiMap.caseInsensitiveMultiMap().addAll(headers);
        guardedHttpCall.onInvalidResponse(error -> invalidResponseLogger.log(httpDestination.url(), error));
        client.request(HttpMethod.POST, httpDestination, requestHeaders, timeout.plus(CONNECT_TIMEOUT_MARGIN))
                .onSuccess(request -> guardedHttpCall.send(request, body))
                .onFailure(guardedHttpCall::handleFailure);
    }

    /** Closes all connections. */
    public Future<Void> close() {
        return client.close();
    }
}
