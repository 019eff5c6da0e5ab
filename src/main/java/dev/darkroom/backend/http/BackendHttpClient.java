package dev.darkroom.backend.http;

import dev.darkroom.http.OutboundHttpClient;
import dev.darkroom.http.egress.HttpDestination;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;

/**
 * Sends requests inside a {@link BackendCallScope} and returns responses of limited size. Aborts the connection when the
 * call ends before the response. Thread-safe; each request stays on the context of its call.
 *
 * <p>HTTP/1.1 only, since aborting a request then closes its socket, which every server detects. Follows no redirects: a
 * POST must not be repeated at another server, and a download checks each redirect.
 */
public final class BackendHttpClient {
    private final OutboundHttpClient client;

    /**
     * @param connectTimeout limits the TCP handshake and, separately, the TLS handshake. When a call has less time left, its
     *     TLS handshake ends with the call, and a pending TCP handshake continues until this timeout
     * @param maxHeaderBytes maximum size of the response head in bytes
     */
    public BackendHttpClient(Vertx vertx, Duration connectTimeout, int maxHeaderBytes) {
        this.client = new OutboundHttpClient(vertx, connectTimeout, maxHeaderBytes);
    }

    /**
     * A request to send.
     *
     * @param httpDestination target URL and server addresses
     * @param headers in addition to the default headers
     * @param body null for none
     */
    public record Request(HttpMethod method, HttpDestination httpDestination, MultiMap headers, Buffer body) {}

    /**
     * Sends a request.
     *
     * @param maxBytes maximum body size of a successful response in bytes
     * @param timeout of this exchange, within the timeout of the call
     * @return the response with any status; fails with a {@link BackendCallException} when none arrived
     */
    public Future<BackendResponse> send(BackendCallScope scope, Request request, int maxBytes, Duration timeout) {
        BackendHttpExchange backendHttpExchange = new BackendHttpExchange(maxBytes, scope.reservation());
        scope.registerRequest(backendHttpExchange::sent);
        Runnable abort = backendHttpExchange::abort;
        scope.onEnd(abort);
        startTimeout(timeout, scope, backendHttpExchange);
        backendHttpExchange.result().onComplete(done -> scope.removeEndHandler(abort));
        client.request(request.method(), request.httpDestination(), request.headers(), timeout)
                .onSuccess(connected -> backendHttpExchange.send(connected, request.body()))
                .onFailure(backendHttpExchange::fail);
        return backendHttpExchange.result();
    }

    /** Restarts the timeout while the exchange waits for memory, since the server is not the cause of that delay. */
    private static void startTimeout(
            Duration timeout, BackendCallScope scope, BackendHttpExchange backendHttpExchange) {
        long timer = scope.vertx().setTimer(Math.max(1, timeout.toMillis()), t -> {
            if (scope.reservation().isWaiting() && !scope.ended()) {
                startTimeout(timeout, scope, backendHttpExchange);
                return;
            }
            backendHttpExchange.fail(
                    new BackendCallException(TransportErrorClassifier.deadlineExceeded(backendHttpExchange.sent())));
            backendHttpExchange.abort();
        });
        backendHttpExchange.result().onComplete(done -> scope.vertx().cancelTimer(timer));
    }

    /** Closes all connections. */
    public void close() {
        client.close();
    }
}
