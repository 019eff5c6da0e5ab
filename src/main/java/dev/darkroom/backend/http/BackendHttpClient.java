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
 * Sends requests inside a {@link BackendCallScope} and brings back answers of limited size. When the call ends first, the
 * connection is aborted. Thread-safe; each request stays on the context of its call.
 *
 * <p>HTTP/1.1 only: aborting a request closes its socket, which every server notices. No redirects: a POST must not go
 * elsewhere, and a download checks each hop.
 */
public final class BackendHttpClient {
    private final OutboundHttpClient client;

    /**
     * @param connectTimeout bounds the TCP handshake and, once more, the TLS handshake; where a call has less time left, a
     *     TLS handshake ends with it, and a TCP handshake that nobody answers is left behind until it is over
     * @param maxHeaderBytes the largest head of an answer
     */
    public BackendHttpClient(Vertx vertx, Duration connectTimeout, int maxHeaderBytes) {
        this.client = new OutboundHttpClient(vertx, connectTimeout, maxHeaderBytes);
    }

    /**
     * What to send.
     *
     * @param httpDestination where it goes
     * @param headers beside those that every request has
     * @param body null for none
     */
    public record Request(HttpMethod method, HttpDestination httpDestination, MultiMap headers, Buffer body) {}

    /**
     * Sends a request.
     *
     * @param maxBytes the largest body of a successful answer that is read
     * @param limit time for this one exchange, within the call's own
     * @return the answer, whatever its status; fails with a {@link BackendCallException} when none came
     */
    public Future<BackendResponse> send(BackendCallScope scope, Request request, int maxBytes, Duration limit) {
        BackendHttpExchange backendHttpExchange = new BackendHttpExchange(maxBytes, scope.reservation());
        scope.registerRequest(backendHttpExchange::sent);
        Runnable breakOff = backendHttpExchange::abort;
        scope.onEnd(breakOff);
        startTimeout(limit, scope, backendHttpExchange);
        backendHttpExchange.result().onComplete(done -> scope.removeEndHandler(breakOff));
        client.request(request.method(), request.httpDestination(), request.headers(), limit)
                .onSuccess(connected -> backendHttpExchange.send(connected, request.body()))
                .onFailure(backendHttpExchange::fail);
        return backendHttpExchange.result();
    }

    /** The time begins anew while the server has to wait for us. */
    private static void startTimeout(Duration limit, BackendCallScope scope, BackendHttpExchange backendHttpExchange) {
        long timer = scope.vertx().setTimer(Math.max(1, limit.toMillis()), t -> {
            if (scope.reservation().isWaiting() && !scope.ended()) {
                startTimeout(limit, scope, backendHttpExchange);
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
