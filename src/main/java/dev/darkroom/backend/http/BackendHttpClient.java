package dev.darkroom.backend.http;

import dev.darkroom.http.HttpCallException;
import dev.darkroom.http.HttpExchange;
import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.OutboundRequest;
import dev.darkroom.http.OutboundResponse;
import dev.darkroom.http.ResponseLimits;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;

/**
 * Sends requests inside a {@link BackendCallScope} and returns responses of limited size. Aborts the connection when the
 * call ends before the response. Thread-safe; each request stays on the context of its call.
 */
public final class BackendHttpClient {
    private final OutboundHttpClient client;

    /**
     * @param connectTimeout limits the TCP handshake and, separately, the TLS handshake
     * @param maxHeaderBytes maximum size of the response head in bytes
     */
    public BackendHttpClient(Vertx vertx, Duration connectTimeout, int maxHeaderBytes) {
        this.client = new OutboundHttpClient(vertx, connectTimeout, maxHeaderBytes);
    }

    /**
     * Sends a request.
     *
     * @param maxBytes maximum body size of a successful response in bytes
     * @param timeout of this exchange, within the timeout of the call
     * @return the response with any status; fails with a {@link BackendCallException} when none arrived
     */
    public Future<OutboundResponse> send(
            BackendCallScope scope, OutboundRequest request, int maxBytes, Duration timeout) {
        return exchange(scope, request, maxBytes, timeout)
                .recover(cause -> Future.failedFuture(
                        new BackendCallException(TransportErrorClassifier.classify((HttpCallException) cause))));
    }

    /** Sends a request like {@link #send}. Fails with a {@link HttpCallException}. */
    Future<OutboundResponse> exchange(BackendCallScope scope, OutboundRequest request, int maxBytes, Duration timeout) {
        HttpExchange exchange = new HttpExchange();
        scope.registerRequest(exchange::sent);
        Runnable abort = exchange::abort;
        scope.onEnd(abort);
        return client.send(exchange, request, new ResponseLimits(timeout, maxBytes, scope.reservation(), true))
                .onComplete(done -> scope.removeEndHandler(abort));
    }

    /** Closes all connections. */
    public void close() {
        client.close();
    }
}
