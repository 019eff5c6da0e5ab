package dev.darkroom.backend.http;

import dev.darkroom.egress.Destination;
import dev.darkroom.egress.OutboundClient;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import java.time.Duration;

/**
 * Sends requests inside a {@link CallScope} and brings back answers of limited size. When the call ends first, the
 * connection is aborted. Thread-safe; each request stays on the context of its call.
 *
 * <p>HTTP/1.1 only: aborting a request closes its socket, which every server notices. No redirects: a POST must not go
 * elsewhere, and a download checks each hop.
 */
public final class HttpCaller {
    private final OutboundClient client;

    /**
     * @param connectTimeout bounds the TCP handshake and, once more, the TLS handshake; where a call has less time left, a
     *     TLS handshake ends with it, and a TCP handshake that nobody answers is left behind until it is over
     * @param maxHeaderBytes the largest head of an answer
     */
    public HttpCaller(Vertx vertx, Duration connectTimeout, int maxHeaderBytes) {
        this.client = new OutboundClient(vertx, connectTimeout, maxHeaderBytes);
    }

    /**
     * What to send.
     *
     * @param destination where it goes
     * @param headers beside those that every request has
     * @param body null for none
     */
    public record Request(HttpMethod method, Destination destination, MultiMap headers, Buffer body) {}

    /**
     * Sends a request.
     *
     * @param maxBytes the largest body of a successful answer that is read
     * @param limit time for this one exchange, within the call's own
     * @return the answer, whatever its status; fails with a {@link CallFailedException} when none came
     */
    public Future<Answer> send(CallScope scope, Request request, int maxBytes, Duration limit) {
        Exchange exchange = new Exchange(maxBytes, scope.holding());
        scope.sends(exchange::sent);
        Runnable breakOff = exchange::breakOff;
        scope.onEnd(breakOff);
        endAfter(limit, scope, exchange);
        exchange.answer().onComplete(done -> scope.forget(breakOff));
        client.request(request.method(), request.destination(), request.headers(), limit)
                .onSuccess(connected -> exchange.send(connected, request.body()))
                .onFailure(exchange::failed);
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

    /** Closes all connections. */
    public void close() {
        client.close();
    }
}
