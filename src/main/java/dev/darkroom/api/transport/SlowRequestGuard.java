package dev.darkroom.api.transport;

import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;

/**
 * Closes connections that do not complete a request head in time, and kept-alive connections without a next request. The idle timeout misses
 * a peer that sends a byte now and then. For the event loop of one server.
 */
public final class SlowRequestGuard {
    private static final long CHECK_INTERVAL_MS = 500;

    private final Map<HttpConnection, ConnectionState> connections = new HashMap<>();
    private final Duration firstRequestTimeout;
    private final Duration keepAliveTimeout;

    private static final class ConnectionState {
        private long idleSinceNanos = System.nanoTime();
        private int activeRequests;
        private boolean receivedRequest;
    }

    /**
     * @param firstRequestTimeout time for the first request of a connection, and for each request head from its first byte
     * @param keepAliveTimeout time between a response and the next request
     */
    public SlowRequestGuard(Vertx vertx, Duration firstRequestTimeout, Duration keepAliveTimeout) {
        this.firstRequestTimeout = firstRequestTimeout;
        this.keepAliveTimeout = keepAliveTimeout;
        vertx.setPeriodic(CHECK_INTERVAL_MS, timer -> closeExpired());
    }

    /** Watches a new connection. */
    public void watch(HttpConnection connection) {
        connections.put(connection, new ConnectionState());
        RequestHeadTimeout.watchConnected(connection, firstRequestTimeout);
        connection.closeHandler(closed -> connections.remove(connection));
    }

    /**
     * Returns a handler that counts the active requests of each connection and calls {@code next}.
     *
     * @param spans ended with the responses, because a response has one end handler only
     */
    public Handler<HttpServerRequest> trackRequests(Handler<HttpServerRequest> next, RequestSpans spans) {
        return request -> {
            ConnectionState connectionState = connections.get(request.connection());
            if (connectionState != null) {
                connectionState.receivedRequest = true;
                connectionState.activeRequests++;
                request.response().endHandler(ended -> {
                    connectionState.activeRequests--;
                    connectionState.idleSinceNanos = System.nanoTime();
                    spans.end(request.response());
                });
            }
            next.handle(request);
        };
    }

    private void closeExpired() {
        long now = System.nanoTime();
        connections.forEach((connection, connectionState) -> {
            if (connectionState.activeRequests == 0
                    && now - connectionState.idleSinceNanos
                            > (connectionState.receivedRequest ? keepAliveTimeout : firstRequestTimeout).toNanos()) {
                connection.close();
            }
        });
    }
}
